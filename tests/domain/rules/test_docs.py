"""docs/rules.md: its examples work, and it leaves nothing out."""

import json
import re
from pathlib import Path

import pytest

from slatrack.domain.calendars import CODES
from slatrack.domain.rules import document, parse
from slatrack.domain.rules.parsing import KINDS

PAGE = (Path(__file__).parents[3] / "docs" / "rules.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["kind"])
def test_examples_work(example):
    assert parse(document(parse(example))) == parse(example)


def test_every_kind_has_an_example():
    assert set(KINDS) == {"latest"} | {example["kind"] for example in EXAMPLES}
    assert "### earliest, latest" in PAGE


def test_every_calendar_is_listed():
    assert [code for code in sorted(CODES) if f"`{code}`" not in PAGE] == []
