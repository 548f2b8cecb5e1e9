"""The benchmark of forecasts: its world is what it says, and its forecasts are calibrated."""

import json
import random
from io import StringIO
from itertools import pairwise
from statistics import mean

import pytest
from django.core.management import CommandError, call_command

from slatrack.bench import forecast
from slatrack.bench.sinks import PERIOD, events


def test_the_same_seed_makes_the_same_world():
    first, again = (list(events(50, rate=0.5, dice=random.Random(3))) for _ in range(2))

    assert first == again


def test_the_sink_slows_down_and_stops_and_cohorts_differ():
    known = list(events(4000, rate=0.5, dice=random.Random(3)))
    took = {
        c: mean(e.enriched - e.received for e in known if e.cohort == c) for c in ("equity", "bond")
    }
    reports = sorted(e.reported for e in known)
    quiet = max(b - a for a, b in pairwise(reports) if b < 6 * PERIOD)

    assert took["bond"] > 1.4 * took["equity"]
    assert quiet > 60
    assert 0.02 < mean(e.missed for e in known) < 0.2


def test_figures_of_the_benchmark(monkeypatch):
    monkeypatch.setattr(forecast, "LEARNING", 300)

    found = forecast.BENCH.run({"seed": 1, "events": 500}, print)

    assert found["events"] > 300
    assert found["calibration_error"] < 0.15
    assert found["brier"] < found["brier_of_average"]
    assert found["forecast_lead_seconds"] > found["fixed_lead_seconds"]
    assert json.dumps(found)


def test_forecasts_that_are_off_are_a_defect(monkeypatch):
    bad = {"calibration_error": 0.2}
    assert "0.200" in forecast.BENCH.wrong(bad)
    monkeypatch.setattr(forecast, "figures", lambda over: bad)
    with pytest.raises(CommandError, match=r"0\.200"):
        call_command("bench", "forecast", "--events", "1", stdout=StringIO(), stderr=StringIO())
