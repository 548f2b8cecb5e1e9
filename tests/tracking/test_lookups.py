"""Frequent questions go by an index, whatever PostgreSQL thinks of a table it has not analysed."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from slatrack.bench import standing
from slatrack.tracking import discovering, sources, store, watcher
from slatrack.tracking.models import Journey, Trace
from tests import factories as make
from tests.only_on import only_on
from tests.spans import NOON

pytestmark = pytest.mark.django_db

MANY = 3_000  # rows, none of which is what is asked for
LATER = NOON + timedelta(days=9)


def journeys() -> None:
    flow = make.flow()
    Journey.objects.bulk_create(make.new_journey(flow=flow, next_at=LATER) for _ in range(MANY))


def any_due(*, now: datetime) -> bool:
    return watcher.any_due(sources.watermarks(now).moment(now, silent=True))


def parked() -> None:
    at = NOON - timedelta(days=9)
    Trace.objects.bulk_create(
        Trace(id=UUID(int=number + 1), state=b"", bound=False, spans=1, created_at=at)
        for number in range(MANY)
    )


@only_on("postgresql")
@pytest.mark.parametrize(
    ("stand", "ask", "index"),
    [
        (journeys, any_due, "journey_next"),
        (parked, discovering.is_due, "trace_parked"),
    ],
    ids=["is anything due?", "has anything been parked?"],
)
def test_nothing_is_found_without_reading_the_table(stand, ask, index):
    stand()
    with CaptureQueriesContext(connection) as asked:
        assert not ask(now=NOON)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {asked[-1]['sql']}")
        plan = " ".join(line for (line,) in cursor.fetchall())
    assert index in plan
    assert "Seq Scan" not in plan


@only_on("postgresql")
def test_what_passes_in_silence_is_settled_without_reading_all_deadlines(monkeypatch):
    """However sure PostgreSQL is, having analysed them, that reading all is less work."""
    standing.stand(MANY, first_due=NOON - timedelta(hours=1), now=NOON - timedelta(hours=2))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tracking_journey, tracking_deadline")
    run, plans = store.run, []

    def explained(statement, values):
        if "tracking_deadline" in statement:
            plans.extend(line for (line,) in run("EXPLAIN " + statement, values))
        return run(statement, values)

    monkeypatch.setattr(store, "run", explained)
    assert watcher.settle_due(now=NOON, limit=MANY // 3) == MANY // 3

    plan = " ".join(plans)
    assert "Index Cond: (journey_id = j.id)" in plan
    assert "Seq Scan" not in plan


@only_on("postgresql")
def test_sessions_know_that_the_disk_does_not_turn():
    with connection.cursor() as cursor:
        cursor.execute("SHOW random_page_cost")
        assert cursor.fetchone() == ("1.1",)
