"""/healthz, /readyz and /metrics answer machines, and nobody who should not be answered."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client

from slatrack import metrics
from slatrack.domain.instants import to_datetime
from slatrack.environment import Environment
from slatrack.operations import readiness
from slatrack.tracking.models import Source, Tally
from slatrack.tracking.recorder import record
from slatrack.tracking.watcher import NAME as WATCHER
from tests.away import away
from tests.spans import NOON_NS, SECOND, span, trace_id

EMBEDDED = Environment(database_url="")
PROTECTED = Environment(metrics_token="let me see", database_url="")
NOW = datetime.now(UTC)
ALL = ("database", "migrations", "room", "reader", "watcher")


@pytest.fixture
def _reading(db, settings):
    """A reader and a watcher that have just shown signs of life."""
    settings.SLATRACK = EMBEDDED
    now = datetime.now(UTC)
    Source.objects.create(
        name="slatrack:otlp_spans:0",
        topic="otlp_spans",
        partition=0,
        group="slatrack",
        lag=7,
        watermark_at=now - timedelta(seconds=60),
        alive_at=now,
    )
    Source.objects.create(name=WATCHER, alive_at=now)


def ready(client, query=""):
    answer = client.get(f"/readyz{query}")
    checks = {check["name"]: check["reason"] for check in answer.json()["checks"]}
    return answer.status_code, checks


def test_alive_asks_for_no_database_and_no_login(client):
    assert client.get("/healthz").json() == {"alive": True}


@pytest.mark.usefixtures("_reading")
def test_ready_when_all_is_at_work(client):
    assert ready(client) == (
        200,
        dict.fromkeys(ALL, ""),
    )


@pytest.mark.usefixtures("_reading")
def test_not_ready_while_the_watcher_is_silent(client):
    Source.objects.filter(name=WATCHER).update(alive_at=NOW - timedelta(minutes=5))

    status, checks = ready(client)

    assert status == 503
    assert "watch_deadlines" in checks["watcher"]


@pytest.mark.usefixtures("_reading")
def test_not_ready_while_a_partition_has_no_reader(client):
    Source.objects.filter(topic="otlp_spans").update(alive_at=NOW - timedelta(minutes=5))

    status, checks = ready(client)

    assert status == 503
    assert "1 of 1 partitions have no reader; slatrack:otlp_spans:0" in checks["reader"]


@pytest.mark.django_db
def test_nothing_has_run_yet_but_pages_can_be_served(client, settings):
    settings.SLATRACK = EMBEDDED

    status, checks = ready(client)

    assert status == 503
    assert "never run" in checks["watcher"]
    assert "no partition has been read" in checks["reader"]
    assert ready(client, "?of=pages") == (200, {"database": "", "migrations": ""})


@pytest.mark.django_db
@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed")])
def test_not_ready_while_the_database_does_not_answer(client, error):
    with away(error):
        status, checks = ready(client)

    said = f"the database does not answer: {type(error).__name__}"
    assert (status, checks) == (503, {"database": said})


@pytest.mark.django_db
@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed")])
def test_metrics_say_that_those_of_the_database_are_missing(client, error):
    with away(error):
        told = client.get("/metrics").content.decode()

    assert "The database does not answer: its gauges are missing." in told
    assert "slatrack_" in told


@pytest.mark.django_db
def test_over_otlp_alone_no_reader_of_kafka_is_missed(settings):
    settings.SLATRACK = Environment(database_url="postgresql://db/x")

    answers = {answer.name: answer.ready for answer in readiness.look(now=NOW)}

    assert answers == dict.fromkeys(ALL, True) | {"watcher": False}


@pytest.mark.django_db
def test_a_missing_migration_is_named(client, monkeypatch):
    monkeypatch.setattr(readiness, "_migrated", set())
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'tracking'")

    status, checks = ready(client)

    assert status == 503
    assert "tracking" in checks["migrations"]
    assert "manage.py migrate" in checks["migrations"]


@pytest.mark.usefixtures("_reading")
def test_metrics_tell_the_state_of_the_installation(client):
    Tally.objects.create(name="parked spans expired", count=3)

    text = client.get("/metrics").content.decode()

    assert 'slatrack_lag_records{source="slatrack:otlp_spans:0"} 7.0' in text
    assert 'slatrack_watermark_age_seconds{source="slatrack:otlp_spans:0"} 6' in text
    assert "slatrack_journeys_in_flight 0.0" in text
    assert 'slatrack_tally{name="parked spans expired"} 3.0' in text
    assert "slatrack_spans_total" in text


@pytest.mark.parametrize(
    ("environment", "request_of", "status"),
    [
        (EMBEDDED, {}, 200),
        (EMBEDDED, {"REMOTE_ADDR": "10.0.0.9"}, 403),
        (EMBEDDED, {"headers": {"X-Forwarded-For": "10.0.0.9"}}, 403),
        (PROTECTED, {}, 403),
        (PROTECTED, {"headers": {"Authorization": "Bearer wrong"}}, 403),
        (
            PROTECTED,
            {"REMOTE_ADDR": "10.0.0.9", "headers": {"Authorization": "Bearer let me see"}},
            200,
        ),
    ],
)
@pytest.mark.django_db
def test_metrics_are_for_this_machine_or_for_who_shows_the_token(
    settings, environment, request_of, status
):
    settings.SLATRACK = environment

    assert Client().get("/metrics", **request_of).status_code == status


@pytest.mark.usefixtures("_reading")
def test_what_is_counted_while_spans_are_recorded_is_exposed(client, settings):
    metrics.count_recorded(new=3, duplicates=2, journeys=1, flips=1, seconds=0.2)
    metrics.count_settled(4, oldest=NOW - timedelta(seconds=2), now=NOW)

    text = client.get("/metrics").content.decode()

    assert 'slatrack_spans_total{outcome="duplicate"}' in text
    assert 'slatrack_watcher_late_seconds_bucket{le="2.5"}' in text


@pytest.mark.django_db
def test_open_metrics_carry_exemplars(client):
    record([span("newest", at=1), span("older")], now=to_datetime(NOON_NS + 4 * SECOND))

    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    text = answer.content.decode()

    assert answer["Content-Type"].startswith("application/openmetrics-text")
    assert text.count("# EOF") == 1
    assert "slatrack_journeys_in_flight" in text
    example = f'# {{trace_id="{trace_id("trace").hex()}"}} 2.0'
    assert re.search(rf'slatrack_span_delay_seconds_bucket{{le="2.5"}} .* {example}', text)
    assert "# {" not in client.get("/metrics").content.decode()
