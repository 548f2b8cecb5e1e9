"""Very many misses at once: one incident, a handful of messages."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from slatrack.alerting import reading, routing, sweeping
from slatrack.alerting.models import Alert, Incident
from slatrack.tracking.models import Deadline, Journey, UnroutedFlip
from tests import factories as make
from tests.alerting.told import NOW, channel, told

pytestmark = pytest.mark.django_db

MANY = 600  # more than one chunk


def burst(count, flow=None, *, recorded_at=NOW):
    """Record that so many events of one flow missed their deadline in the same second."""
    flow = flow or make.flow()
    rows = Journey.objects.bulk_create([make.new_journey(flow=flow) for _ in range(count)])
    Deadline.objects.bulk_create([make.new_deadline(row, verdict="missed") for row in rows])
    flips = [
        make.new_flip(row, "verdict", "waiting", "missed", recorded_at=recorded_at) for row in rows
    ]
    return [flip.pk for flip in UnroutedFlip.objects.bulk_create(flips)]


def test_very_many_misses_are_one_incident_and_one_message_a_channel(
    django_assert_max_num_queries,
):
    channel("desk"), channel("pager")
    ids = burst(MANY)

    with django_assert_max_num_queries(60):
        assert routing.take_up(ids, now=NOW) == MANY

    incident = Incident.objects.get()
    assert (incident.events, incident.open_events) == (MANY, MANY)
    assert Alert.objects.count() == MANY
    assert told() == ["opened missed", "opened missed"]


def test_a_large_incident_is_not_counted_anew_with_each_chunk_of_a_burst(monkeypatch):
    monkeypatch.setattr(routing, "CHUNK", 10)
    monkeypatch.setattr(routing, "CROWD", 30)
    ids = burst(200)

    with CaptureQueriesContext(connection) as asked:
        routing.take_up(ids, now=NOW)

    assert 0 < len(counted(asked)) <= 2 * 3  # late and failed, while it is small
    incident = Incident.objects.get()
    assert (incident.events, incident.open_events) == (200, 200)


def counted(asked):
    return [one for one in asked if "COUNT(DISTINCT" in one["sql"]]


@pytest.mark.parametrize("more", [3, 150])
def test_what_joins_a_large_incident_is_added_and_the_sweep_counts(monkeypatch, more):
    monkeypatch.setattr(routing, "CROWD", 30)
    routing.take_up(burst(200), now=NOW)
    incident = Incident.objects.get()
    over = Deadline.objects.first()
    over.verdict, over.reached_at = "met", NOW
    over.save()

    with CaptureQueriesContext(connection) as asked:
        routing.take_up(burst(more, incident.flow), now=NOW)
    incident.refresh_from_db()
    assert not counted(asked)
    assert (incident.events, incident.open_events) == (200 + more, 200 + more)

    sweeping.sweep(now=NOW)
    incident.refresh_from_db()
    assert (incident.events, incident.open_events) == (200 + more, 199 + more)


def test_the_page_and_the_sweep_ask_little_however_many(django_assert_max_num_queries):
    routing.take_up(burst(MANY), now=NOW)
    incident = Incident.objects.get()

    with django_assert_max_num_queries(2):
        assert len(reading.events(incident.pk, limit=50)) == 50
    with django_assert_max_num_queries(13):
        sweeping.sweep(now=NOW)
