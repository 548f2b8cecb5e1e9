from datetime import timedelta

import pytest
from django.utils import timezone

from slatrack.alerting import troubles
from slatrack.tracking.housekeeping import LOST_TO_RETENTION, count
from slatrack.tracking.models import SetAside, Source, SpanBlock, Tally, Trace
from tests.dashboards.signed_in import client
from tests.factories import NOON, journey

pytestmark = pytest.mark.django_db


def source(name, *, alive=0.0, behind=0.5, **fields):
    now = timezone.now()
    times = {
        "alive_at": now - timedelta(seconds=alive),
        "watermark_at": now - timedelta(seconds=behind),
    }
    return Source.objects.create(name=name, **{**times, **fields})


def read(**headers):
    answer = client("viewer").get("/health/", headers=headers)
    return answer.context["health"], answer.content.decode()


def test_all_is_well():
    source("watcher")
    source("otlp_spans-0", lag=3, next_offset=42)

    health, page = read()

    assert health.state == "ok"
    assert "Deadlines are evaluated" in page
    assert [one.state for one in health.sources] == ["ok"]


def test_open_troubles_come_first_and_are_critical():
    source("watcher")
    source("otlp_spans-0")
    count(LOST_TO_RETENTION, 1_200)
    troubles.look(now=timezone.now())

    health, page = read()

    assert health.state == "critical"
    assert "Telemetry was lost" in page
    assert "deleted 1,200 records" in page


def test_a_dead_watcher_is_critical_and_says_what_to_start():
    source("watcher", alive=120)
    source("otlp_spans-0")

    health, page = read()

    assert health.state == "critical"
    assert "manage.py watch_deadlines" in page


@pytest.mark.parametrize(
    ("alive", "behind", "state"), [(0, 1, "ok"), (0, 45, "warning"), (90, 95, "idle")]
)
def test_a_source_is_as_well_as_it_reads(alive, behind, state):
    source("watcher")
    source("otlp_spans-0", alive=alive, behind=behind)

    health, _ = read()

    assert [one.state for one in health.sources] == [state]


def test_nothing_read_says_how_to_begin():
    source("watcher")

    health, page = read()

    assert health.state == "warning"
    assert "/v1/traces" in page


def test_figures():
    now = timezone.now()
    source("watcher")
    SpanBlock.objects.create(created_at=now, bound=True, spans=600, data=b"")
    SpanBlock.objects.create(
        created_at=now - timedelta(minutes=5), bound=True, spans=9_000, data=b""
    )
    Trace.objects.create(id="0" * 32, state=b"", bound=False, spans=2, created_at=now)
    SetAside.objects.create(source="http", reason="x", size=1, data=b"x", at=NOON)
    SetAside.objects.create(source="http", reason="x", size=1, data=b"x", at=NOON, replayed_at=NOON)
    Tally.objects.create(name="parked spans expired", count=1204)
    journey(next_at=now - timedelta(seconds=30))
    journey(next_at=now + timedelta(seconds=30))

    health, page = read()

    assert health.spans_per_second == 10
    assert (health.parked, health.set_aside, health.in_flight, health.overdue) == (1, 1, 2, 1)
    assert health.database_bytes > 10_000
    assert "1,204" in page
    assert health.state == "critical"


def test_the_refresh_brings_the_part_alone():
    _, page = read(**{"HX-Request": "true"})

    assert page.lstrip().startswith('<div id="health"')


def test_who_may_not_look():
    assert client("").get("/health/").status_code == 403
