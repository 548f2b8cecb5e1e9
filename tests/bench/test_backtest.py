"""The benchmark of backtests: what it seeds is what a backtest finds, and defects are told."""

import random
from datetime import UTC, datetime

import pytest

from slatrack.bench import backtest
from slatrack.domain.deadlines import run
from slatrack.domain.journeys import fold
from slatrack.tracking import documents
from slatrack.tracking.journey_rows import JOURNEY_COLUMNS
from slatrack.tracking.packing import unpack_parts


@pytest.mark.django_db  # dictionaries
def test_seeded_events_are_such_as_the_recorder_would_have_written():
    [(flow, _)] = documents.flows(backtest.FLOW)
    rng = random.Random(3)
    verdicts = set()
    for number in range(2000):
        values = backtest._row(1, f"E{number}", datetime(2026, 11, 20, tzinfo=UTC), rng)
        row = dict(zip(JOURNEY_COLUMNS, values, strict=True))
        journey = fold(flow, row["key"], unpack_parts(row["parts"]))
        judged = run(journey, flow.deadlines[0], None)
        assert row["verdict"] == ("met" if judged.on_time else "missed")
        assert row["status"] == journey.status
        verdicts.add(row["verdict"])
    assert verdicts == {"met", "missed"}


def test_it_tells_what_is_a_defect():
    wrong = backtest.BENCH.wrong
    assert not wrong({"lost": 0, "peak_memory_bytes": 120_000_000})
    assert "not judged" in wrong({"lost": 2})
    assert "500 MB" in wrong({"lost": 0, "peak_memory_bytes": 600_000_000})
