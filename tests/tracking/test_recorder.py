"""Spans in, rows out: the one writer on a real database."""

from datetime import timedelta
from itertools import permutations

import pytest

from slatrack.domain.parts import journey_id
from slatrack.tracking import flows, reading, watcher
from slatrack.tracking.models import Deadline, Flip, Journey, SpanBlock, Trace, UnroutedFlip
from slatrack.tracking.recorder import record
from tests.deadlines import deadline, values
from tests.recorded_flips import recorded
from tests.spans import NOON, span
from tests.trades import DOCUMENT, accepted, enriched, received, reported, trade

pytestmark = pytest.mark.django_db

NOW = NOON + timedelta(seconds=30)


@pytest.fixture(autouse=True)
def trade_reporting():
    flows.save(DOCUMENT, now=NOON - timedelta(days=1))


def minutes(count):
    return NOON + timedelta(minutes=count)


def flips():
    fields = ("journey__key", "deadline", "number", "about", "before", "after", "at", "due_at")
    return sorted(recorded(*fields))


def state():
    """All that must not depend on order, batching or repetition."""
    skipped = {"changed_at", "_state", "kept"}
    journeys = {
        row.key: {k: v for k, v in vars(row).items() if k not in skipped}
        for row in Journey.objects.all()
    }
    judged = values(
        "journey__key", "name", "version", "due_at", "verdict", "reached_at", "warned", "reason"
    )
    return journeys, sorted(judged), flips()


def forget():
    for model in (Flip, UnroutedFlip, Deadline, Journey, Trace, SpanBlock):
        model.objects.all().delete()


def test_a_trade_is_recorded_with_its_deadline():
    done = record(trade("T1"), now=NOW)

    assert (done.spans, done.new, done.duplicates, done.journeys) == (4, 4, 0, 1)
    journey = Journey.objects.get()
    assert (journey.key, journey.status, journey.verdict) == ("T1", "done", "met")
    assert journey.started_at == NOON
    assert journey.due_at == minutes(15)
    assert deadline().reached_at == NOON + timedelta(seconds=21)
    assert [(f[3], f[4], f[5]) for f in flips()] == [("verdict", "waiting", "met")]


def test_a_journey_in_flight_waits_and_says_when_to_look_again():
    record(trade("T1")[:2], now=NOW)

    journey = Journey.objects.get()
    assert (journey.status, journey.verdict, journey.step) == ("in_flight", "waiting", "accepted")
    assert journey.next_at == minutes(7.5)
    assert flips() == []


def test_recording_the_same_spans_again_changes_nothing():
    record(trade("T1"), now=NOW)
    before = state()

    done = record(trade("T1"), now=NOW + timedelta(seconds=5))

    assert (done.new, done.duplicates, done.journeys, done.flips) == (0, 4, 0, 0)
    assert state() == before
    assert sum(SpanBlock.objects.values_list("spans", flat=True)) == 4


def test_each_span_is_stored_once_whatever_else_comes_with_it():
    record(trade("T1")[:2], now=NOW)

    again, twice, new = trade("T1"), [*trade("T2"), *trade("T2")[:1]], trade("T3")
    done = record([*again, *twice, *new], now=NOW)

    assert (done.spans, done.new) == (13, 10)
    assert sum(SpanBlock.objects.values_list("spans", flat=True)) == 12
    for key in ("T1", "T2", "T3"):
        assert len(reading.journey_spans("trade-reporting", key)) == 4


def test_any_order_and_batching_gives_the_same_rows():
    spans = trade("T1")
    record(spans, now=NOW)
    expected = state()
    for number, order in enumerate(permutations(spans)):
        cut = 1 + number % 3
        forget()
        record(order[:cut], now=NOW)
        record(order[cut:], now=NOW)
        assert state() == expected


def test_silence_is_told_when_due_and_stamped_with_the_due_time():
    record(trade("T1")[:3], now=NOW)

    assert watcher.settle_due(now=minutes(7)) == 0
    assert watcher.settle_due(now=minutes(7.6)) == 1
    assert watcher.settle_due(now=minutes(12.1)) == 1
    assert watcher.settle_due(now=minutes(15.1)) == 1
    assert watcher.settle_due(now=minutes(15.2)) == 0

    assert [(f[3], f[4], f[5], f[6]) for f in flips()] == [
        ("warning", "0", "1", minutes(7.5)),
        ("warning", "1", "2", minutes(12)),
        ("verdict", "waiting", "missed", minutes(15)),
    ]
    assert Journey.objects.get().verdict == "missed"


def test_a_watcher_that_was_down_tells_the_miss_once_without_the_warnings_before_it():
    record(trade("T1")[:3], now=NOW)
    watcher.settle_due(now=minutes(30))
    watcher.settle_due(now=minutes(31))
    assert [f[5] for f in flips()] == ["missed"]


def test_proof_that_comes_after_the_miss_flips_it_and_the_history_stays():
    record(trade("T1")[:3], now=NOW)
    watcher.settle_due(now=minutes(16))

    record([reported("T1", trace="T1", parent="T1-enriched")], now=minutes(17))

    assert [f[4:6] for f in flips()] == [("waiting", "missed"), ("missed", "met")]
    assert Journey.objects.get().verdict == "met"


def test_an_event_that_arrives_late_stays_missed_and_says_when_it_came():
    record(trade("T1")[:3], now=NOW)
    watcher.settle_due(now=minutes(16))

    record([reported("T1", trace="T1", at=960)], now=minutes(17))

    assert [f[4:6] for f in flips()] == [("waiting", "missed"), ("missed", "missed")]
    assert deadline().reason == "reached late"


def test_an_earlier_start_seen_later_moves_the_due_time():
    record([accepted("T1", at=60)], now=NOW)
    assert deadline().due_at == minutes(16)

    record([received("T1")], now=NOW)

    assert deadline().due_at == minutes(15)
    assert Journey.objects.get().started_at == NOON


def test_a_failed_step_is_told_once_when_no_retry_came():
    record([received("T1"), accepted(), enriched(error=True)], now=NOW)
    assert Journey.objects.get().status == "failed"
    watcher.settle_due(now=NOON + timedelta(seconds=15))
    assert flips() == []

    watcher.settle_due(now=NOON + timedelta(seconds=22))
    watcher.settle_due(now=NOON + timedelta(seconds=60))
    record([reported("T1", trace="trace")], now=minutes(2))

    told = [f[4:6] for f in flips() if f[3] == "status"]
    assert told == [("in_flight", "failed"), ("failed", "done")]


def test_an_event_of_which_nothing_is_heard_is_lost_until_it_is_heard_of():
    record(trade("T1")[:3], now=NOW)
    watcher.settle_due(now=NOON + timedelta(days=2))
    assert Journey.objects.get().status == "lost"

    record(trade("T1"), now=NOON + timedelta(days=2, minutes=1))

    assert Journey.objects.get().status == "done"
    told = [f[4:6] for f in flips() if f[3] == "status"]
    assert told == [("in_flight", "lost"), ("lost", "done")]


def test_spans_without_a_key_are_parked_until_it_comes_and_none_is_lost():
    noise = [span(f"noise {n}", trace="T1", parent="T1-received") for n in range(3)]
    record(noise, now=NOW)
    assert not Trace.objects.get().bound
    assert not Journey.objects.exists()

    record(trade("T1"), now=NOW)

    assert Trace.objects.get().bound
    assert Journey.objects.get().spans == 7
    spans = reading.journey_spans("trade-reporting", "T1")
    assert sorted(s["name"] for s in spans)[4:] == ["noise 0", "noise 1", "noise 2"]
    assert {s["bound_by"] for s in spans} == {"key", "ancestry"}


def test_one_request_with_many_trades_writes_each_journey_once_it_changes():
    record([received(trace="T"), *(_batched(n) for n in range(3))], now=NOW)
    assert Journey.objects.count() == 3

    done = record([_batched(3)], now=NOW)

    assert done.journeys == 4  # the request is shared by one more now
    assert reading.journey("trade-reporting", "T0", now=NOW)["steps"][0]["shared"] == 4


def _batched(number):
    return accepted(f"T{number}", trace="T", name=f"a{number}")


def test_a_changed_deadline_judges_the_events_that_start_after_the_change():
    record(trade("T1")[:2], now=NOW)
    changed = DOCUMENT.replace("PT15M", "PT10M")
    [change] = flows.save(changed, now=minutes(1))
    assert change.version == 2
    assert "version 2" in change.details[0]

    later = {"T2": minutes(2)}
    for key in later:
        record([received(key, trace=key, name=key, at=120)], now=minutes(3))
    record([enriched("T1", trace="T1", parent="T1-accepted")], now=minutes(3))

    rows = dict(values("journey__key", "version"))
    assert rows == {"T1": 1, "T2": 2}
    due = dict(values("journey__key", "due_at"))
    assert due == {"T1": minutes(15), "T2": minutes(12)}


def test_saving_the_same_document_again_changes_nothing():
    [change] = flows.save(DOCUMENT, now=minutes(1))
    assert change.action == "unchanged"


def test_a_flow_that_is_removed_leaves_its_journeys_alone():
    record(trade("T1")[:2], now=NOW)
    row = Journey.objects.get().flow
    row.enabled, row.changed_at = False, minutes(1)
    row.save()

    assert watcher.settle_due(now=minutes(20)) == 1
    assert watcher.settle_due(now=minutes(20)) == 0


def test_the_journey_is_read_as_the_interface_says():
    record([*trade("T1"), span("noise", trace="T1", parent="T1-received")], now=NOW)

    journey = reading.journey("trade-reporting", "T1", now=NOW)

    assert journey["status"] == "done"
    assert [s["step"] for s in journey["steps"]] == ["received", "accepted", "enriched", "reported"]
    assert [(leg["from"], leg["to"]) for leg in journey["legs"]] == [
        ("received", "accepted"),
        ("accepted", "enriched"),
        ("enriched", "reported"),
    ]
    [deadline] = journey["deadlines"]
    assert deadline["verdict"] == "met"
    assert deadline["due_at"] == "2026-11-20T12:15:00.000Z"
    assert deadline["reached_at"] == "2026-11-20T12:00:21.000Z"
    assert deadline["sentence"] == "On time, 14 min 39 s to spare"
    assert journey["gaps"] == journey["references"] == []
    assert journey["spans"] == 5
    assert journey_id("trade-reporting", "T1") == Journey.objects.get().id
    assert reading.journey("trade-reporting", "T2", now=NOW) is None
