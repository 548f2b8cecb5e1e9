"""The worked cases: real rules, real dates, each with its source."""

import json
from pathlib import Path

import pytest

from slatrack.domain.rules import document, due, parse, supposed
from tests.domain.rules.examples import SHIPPED, at

CASES = json.loads((Path(__file__).parents[2] / "cases" / "deadlines.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_worked_case(case):
    rule = parse(case["rule"])
    attributes = {**case.get("attributes", {}), **case.get("attributes_utc", {})}
    found = due(rule, supposed(rule, at(case["start_utc"]), attributes), calendars=SHIPPED)

    expected = case["expected_deadline_utc"]
    assert found.due_at == (expected and at(expected)), found.reasons
    assert found.strict == (case["on_time_if"] == "submitted < deadline")
    warnings = case.get("expected_warnings_utc", [])
    assert found.warnings == tuple(at(text) for text in warnings)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_document_survives_the_round_trip(case):
    rule = parse(case["rule"])
    assert parse(document(rule)) == rule
    assert json.loads(json.dumps(document(rule))) == document(rule)
