"""The benchmark of alerts: each probe is told once, and what is not is a defect."""

from datetime import UTC, datetime, timedelta

import pytest

from slatrack.alerting import routing
from slatrack.alerting.models import Alert
from slatrack.bench import alerts, load, probes, standing, tellings
from slatrack.bench.tellings import Told
from slatrack.otlp.decoding import Wanted, decode
from slatrack.tracking import flows, watcher
from slatrack.tracking.models import Journey
from slatrack.tracking.recorder import record

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NANOSECONDS = round(NOW.timestamp()) * probes.SECOND
DUE = NOW + timedelta(seconds=3)


def recorded(data):
    flows.save("---\n".join((load.DOCUMENTS, standing.DOCUMENTS, probes.FLOW)), now=NOW)
    record(decode(data, wanted=Wanted(flows.current().wanted), now=NOW).spans, now=NOW)


def told(*, now):
    while watcher.settle_due(now=now):
        continue
    while routing.take_up(now=now):
        continue
    return list(Alert.objects.values_list("journey__key", "rung", "reason"))


@pytest.mark.django_db
def test_a_span_proves_that_its_event_came_late():
    recorded(probes.late("LATE-few-000001", NANOSECONDS))

    assert told(now=NOW) == [("LATE-few-000001", "missed", "reached late")]


@pytest.mark.django_db
def test_one_that_stops_is_told_when_it_is_due_and_not_before():
    recorded(probes.stopped("HUSH-few-000001", NANOSECONDS + 3 * probes.SECOND))

    assert Journey.objects.get().due_at == DUE
    assert told(now=DUE) == []
    assert told(now=DUE + timedelta(milliseconds=1)) == [
        ("HUSH-few-000001", "missed", "not seen by then")
    ]


@pytest.mark.django_db
def test_misses_are_found_by_what_their_probes_are_named():
    recorded(probes.late("LATE-few-000001", NANOSECONDS))
    recorded(probes.late("LATE-few-first-000001", NANOSECONDS))
    told(now=NOW)
    watch = tellings.Watch()
    watch.seen[Alert.objects.get(journey__key="LATE-few-000001").pk] = 7.0

    [one] = watch.told(probes.EVIDENCE, probes.SILENCE, named="few")
    assert (one.key, one.recorded, one.seen) == ("LATE-few-000001", NOW.timestamp(), 7.0)
    assert watch.told(probes.SILENCE, named="few") == []
    assert [one.seen for one in watch.told(probes.EVIDENCE, named="few-first")] == [None]
    Alert.objects.update(rung="at_risk")  # which may be told of one before
    assert watch.told(probes.EVIDENCE, named="few") == []


def test_percentiles_are_in_milliseconds():
    assert tellings.summary("it", [n / 1000 for n in range(1, 201)]) == {
        "it_ms_p50": 100.0, "it_ms_p95": 190.0, "it_ms_p99": 198.0, "it_ms_max": 200.0,
    }  # fmt: skip
    assert tellings.summary("it", [0.25])["it_ms_p50"] == 250.0
    assert tellings.summary("it", []) == {}


def test_probes_that_are_not_told_once_each_are_counted():
    since = {"a": 1.0, "b": 2.0}
    a, b, c = (Told(key, 2.0, 3.0) for key in "abc")

    assert tellings.broken(since, [a, b]) == 0
    assert tellings.broken(since, [a]) == 1
    assert tellings.broken(since, [a, b, c]) == 1
    assert tellings.broken(since, [a, b, b]) == 1
    assert tellings.broken(since, [a, b._replace(seen=None)]) == 1


def test_latencies_are_those_from_when_it_could_be_told():
    found = alerts.latencies("it", {"a": 1.0}, [Told("a", 1.25, 1.75)])

    assert found["it_ms_max"] == 750.0
    assert found["it_recorded_ms_max"] == 250.0
    assert found["it_told_ms_max"] == 500.0


def test_memory_is_what_a_process_held_more_by_journey_in_flight():
    few = dict.fromkeys(alerts.PARTS, 100_000_000.0)

    figures = alerts.memory(few, {**few, "web": 130_000_000.0}, 100_000)

    assert figures["web_bytes_per_journey"] == 300.0
    assert figures["watcher_bytes_per_journey"] == 0.0


@pytest.mark.parametrize("field", ["lost", "journeys_wrong", "probes_not_told_once", "others_told"])
def test_what_is_lost_or_told_wrongly_is_a_defect(field):
    right = {"lost": 0, "journeys_wrong": 0, "probes_not_told_once": 0, "others_told": 0}

    assert alerts.BENCH.wrong(right) == ""
    assert alerts.BENCH.wrong({**right, field: 3}).startswith("3 ")
