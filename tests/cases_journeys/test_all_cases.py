"""The design's table has 24 cases; each is played here as OTLP bytes."""

import re
from pathlib import Path

CASES = set(range(1, 25))


def test_every_case_of_the_table_is_played():
    found = {
        int(number)
        for file in Path(__file__).parent.glob("test_*.py")
        for name in re.findall(r"def test_cases?_((?:\d+_(?:and_)?)+)", file.read_text())
        for number in re.findall(r"\d+", name)
    }
    assert found == CASES
