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
