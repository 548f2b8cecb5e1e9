"""The benchmark of rules: every kind gives a figure, and the worked examples come out right."""

import io
import json

from django.core.management import call_command

from slatrack.bench import rules


def test_it_measures_every_kind_and_checks_the_examples():
    out = io.StringIO()
    call_command("bench", "rules", "--evaluations", "200", "--json", stdout=out, stderr=out)

    figures = json.loads(out.getvalue().splitlines()[-1])
    assert set(rules.RULES) <= set(figures)
    assert all(figures[name] > 0 for name in rules.RULES)
    assert figures["wrong_examples"] == 0
    assert rules.BENCH.wrong({**figures, "wrong_examples": 1})
