"""The sentence builder loses nothing that it cannot show."""

import json
from pathlib import Path

import pytest

from dashboards.forms import rule_builder
from dashboards.forms.rule_builder import DOCUMENT, SIMPLE, TIME, beyond, shape_of, shown, written
from slatrack.domain.rules import parse

CASES = json.loads((Path(__file__).parents[2] / "cases" / "deadlines.json").read_text())
RULES = {case["id"]: case["rule"] for case in CASES}
SHOWN = {name: rule for name, rule in RULES.items() if shape_of(rule) != DOCUMENT}


def refuse(field, why):
    raise AssertionError(f"{field}: {why}")


@pytest.mark.parametrize("name", SHOWN)
def test_every_worked_rule_survives_the_fields(name):
    rule = SHOWN[name]

    assert parse(written(shape_of(rule), shown(rule), rule, refuse)) == parse(rule)


def test_there_are_rules_of_both_shapes_and_others():
    assert {shape_of(rule) for rule in RULES.values()} == {SIMPLE, TIME, DOCUMENT}


def test_a_field_changes_only_its_own_part():
    rule = {
        "kind": "cutoff", "from": "attr:t", "on_missing": "ingress", "dst": {"gap": "shift"},
        "base": {"tz": "Asia/Tokyo", "day_ends": "16:15", "roll": "following"},
        "add": {"unit": "month", "n": 1, "day": 10, "calendar": {"all_open": ["XNYS", "XLON"]}},
        "at": {"time": "08:00", "tz": "America/New_York"}, "if_past": "next",
    }  # fmt: skip
    changed = written(TIME, {**shown(rule), "at": "09:30", "zone": "UTC"}, rule, refuse)

    assert changed == {**rule, "at": {"time": "09:30", "tz": "UTC"}}
    assert beyond(rule) == [
        "on_missing", "dst", "if_past", "base.tz", "base.day_ends", "base.roll", "add.day",
    ]  # fmt: skip


def test_the_day_is_that_of_the_place_unless_the_document_says_another():
    rule = written(
        TIME, {"at": "08:00", "zone": "UTC", "number": 1, "unit": "calendar_day"}, {}, refuse
    )
    assert parse(rule)

    moved = written(TIME, {**shown(rule), "zone": "Asia/Tokyo"}, rule, refuse)
    assert (moved["base"]["tz"], moved["at"]["tz"]) == ("Asia/Tokyo", "Asia/Tokyo")


def test_another_kind_keeps_what_every_kind_has():
    rule = {"kind": "duration", "from": "ingress", "amount": "PT1H", "adjust": {"calendar": "X"}}
    fields = {**shown(rule), "at": "08:00", "zone": "UTC", "number": 1, "calendar": "XNYS"}

    changed = written(TIME, fields, rule, refuse)

    assert changed["adjust"] == {"calendar": "X"}
    assert "amount" not in changed
    assert changed["add"] == {"unit": "business_day", "n": 1, "calendar": "XNYS"}


def test_a_calendar_of_several_is_offered_as_it_is_written():
    rule = {"add": {"calendar": {"all_open": ["XNYS", "XLON"]}}}

    offered = rule_builder.calendar_choices(frozenset({"XNYS"}), rule)

    assert offered == [("", "none"), ("=", "XNYS and XLON, both"), ("XNYS", "XNYS")]


def test_what_is_missing_is_said_at_its_field():
    told = {}
    written(TIME, {"start": "attr"}, {}, told.setdefault)

    assert set(told) == {"attribute", "at", "zone"}
