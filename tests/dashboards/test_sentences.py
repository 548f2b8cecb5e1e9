import json
from pathlib import Path

import pytest

from dashboards import sentences

CASES = json.loads((Path(__file__).parents[1] / "cases" / "deadlines.json").read_text())
RULES = [one["rule"] for one in (CASES["cases"] if isinstance(CASES, dict) else CASES)]
QUARTER = {"kind": "duration", "from": "ingress", "amount": "PT15M"}


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            {"rule": QUARTER, "until": "reported"},
            "Every Trade event must reach reported within 15 min of ingress.",
        ),
        (
            {"rule": QUARTER, "until": "sent", "when": {"class": ["equity", "bond"]}},
            "Every Trade event with class equity or bond must reach sent within 15 min of ingress.",
        ),
        (
            {
                "rule": {
                    **QUARTER,
                    "from": "attr:executed",
                    "warn": [{"fraction": 0.8}, {"before": "PT3M"}],
                },
                "until": "sent",
            },
            "Every Trade event must reach sent within 15 min of the event's executed. "
            "Warn at 80 % of the time and 3 min before.",
        ),
    ],
)
def test_a_deadline_reads_as_a_sentence(entry, sentence):
    assert sentences.deadline(entry, "Trade") == sentence


@pytest.mark.parametrize("rule", RULES, ids=range(len(RULES)))
def test_every_kind_of_rule_has_words(rule):
    told = sentences.demand(rule)

    assert "None" not in told
    assert "a rule of kind" not in told


CAT = {
    "kind": "cutoff",
    "from": "ingress",
    "base": {"tz": "America/New_York", "day_ends": "16:15", "roll": "following"},
    "add": {"unit": "business_day", "n": 1, "calendar": {"all_open": ["XNYS", "XLON"]}},
    "at": {"time": "08:00", "tz": "America/New_York"},
}


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({**QUARTER, "amount": "PT72H"}, "within 72 h of ingress"),  # three days are another rule
        ({**QUARTER, "amount": "-PT30M"}, "at the latest 30 min before ingress"),
        (
            {**QUARTER, "start_round": "next_full_hour", "on_missing": "ingress"},
            "within 15 min of ingress; counted from the next full hour; "
            "from ingress where that is not known",
        ),
        (
            {
                **QUARTER,
                "adjust": {"calendar": "TARGET", "convention": "preceding", "time": "same"},
            },
            "within 15 min of ingress; "
            "if that day is closed (TARGET), at the same time of the open day before",
        ),
        (
            CAT,
            "by 08:00 America/New_York, 1 business day after ingress (XNYS and XLON); "
            "after 16:15 America/New_York it counts for the next day; "
            "a closed day counts as the next open day",
        ),
        (
            {**CAT, "base": {"tz": "UTC", "to": "year_end"}, "add": {"unit": "month", "n": -2}},
            "by 08:00 America/New_York, 2 months before ingress; days are those of UTC; "
            "counted from the end of the year",
        ),
        (
            {"kind": "session", "calendar": "XNYS", "anchor": "open", "n": 2, "offset": "-PT30M"}
            | {"from": "ingress"},
            "by 30 min before the second next open of XNYS after ingress",
        ),
        (
            {"kind": "open_time", "from": "step:a", "amount": "PT2H"}
            | {"window": {"session": "XTKS", "breaks": "exclude"}},
            "within 2 h of open time from step a, open the XTKS session, breaks excluded",
        ),
    ],
)
def test_what_a_rule_may_say_besides_is_said(rule, told):
    assert sentences.demand(rule) == told
