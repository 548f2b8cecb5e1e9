from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from slatrack.alerting import troubles
from slatrack.domain.feeding import ENOUGH_LOOKS
from slatrack.tracking import feeds
from slatrack.tracking.flows import save
from slatrack.tracking.housekeeping import LOST_TO_RETENTION, count
from slatrack.tracking.models import (
    Flow,
    FlowFeed,
    SetAside,
    Source,
    SpanBlock,
    Speaker,
    Tally,
    TopicRead,
    Trace,
)
from tests.dashboards.signed_in import client
from tests.factories import NOON, journey
from tests.trades import DOCUMENT

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


def test_what_each_flow_waits_for_is_told_where_there_are_several_topics(monkeypatch):
    monkeypatch.setattr(settings.SLATRACK, "kafka_topics", "equities,batch")
    save(DOCUMENT, now=timezone.now())
    flow, viewer = Flow.objects.get(), client("viewer")
    for topic, behind in (("equities", 0.5), ("batch", 300)):
        where = {"topic": topic, "partition": 0, "group": "slatrack"}
        source(topic, behind=behind, **where)
        TopicRead.objects.create(topic=topic, looks=ENOUGH_LOOKS, at=timezone.now())
        Speaker.objects.create(service=f"{topic}-gateway", topic=topic, last_at=timezone.now())
    answer = viewer.get("/health/")
    assert "Waits for all topics: 0 of 300 whole events seen yet." in answer.content.decode()
    assert answer.context["health"].reaches[0].behind >= timedelta(seconds=300)

    known = {"version": flow.version, "events": 300, "learnt_to": timezone.now()}
    FlowFeed.objects.create(flow=flow, services={"equities-gateway": 0}, **known)
    feeds.forget()
    answer = viewer.get("/health/")
    said = "Does not wait for batch: its only service was not heard there, in 300 whole events."
    assert said in answer.content.decode()
    assert answer.context["health"].reaches[0].behind < timedelta(seconds=5)
    assert said in viewer.get("/flows/trade-reporting/").content.decode()


def test_one_topic_feeds_all_flows_and_nothing_is_told_apart():
    journey()
    source("otlp_spans-0", topic="otlp_spans", partition=0, group="slatrack")
    health, _ = read()
    assert health.reaches == []


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
