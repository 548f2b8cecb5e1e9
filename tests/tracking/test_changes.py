"""What changes while events are on their way: rules, flows, attributes, what a span proves."""

from datetime import timedelta

import pytest

from slatrack.domain.flows import DeadlineSpec
from slatrack.tracking import flows, journey_rows, reading, watcher
from slatrack.tracking.models import Flow, Journey, Source, SpanBlock, Trace
from slatrack.tracking.recorder import record
from tests.deadlines import deadline, deadlines, values
from tests.recorded_flips import recorded
from tests.spans import NOON, span
from tests.trades import DOCUMENT, accepted, enriched, received, reported, trade

pytestmark = pytest.mark.django_db

NOW = NOON + timedelta(seconds=30)
EQUITY = "    when: {asset.class: [equity]}\n"


def minutes(count):
    return NOON + timedelta(minutes=count)


def load(document=DOCUMENT, *, at=None):
    return flows.save(document, now=at or NOON - timedelta(days=3))


def told(about="verdict"):
    found = sorted(recorded("number", "before", "after", about=about))
    return [(before, after) for _, before, after in found]


def put(span, **attributes):
    return span._replace(attributes={**span.attributes, **attributes})


def test_a_deadline_that_turns_out_not_to_apply_is_gone_as_if_it_had_never_been():
    load(DOCUMENT + EQUITY)
    record([put(accepted("T1", at=5), **{"asset.class": "equity"})], now=NOW)
    assert len(deadlines()) == 1

    record([put(received("T1"), **{"asset.class": "bond"})], now=NOW)

    assert not deadlines()
    assert (Journey.objects.get().verdict, Journey.objects.get().due_at) == ("", None)
    assert told() == []


def test_a_miss_that_turns_out_not_to_apply_is_taken_back_and_stays_in_history():
    load(DOCUMENT + EQUITY)
    record([put(accepted("T1", at=5), **{"asset.class": "equity"})], now=NOW)
    watcher.settle_due(now=minutes(20))

    record([put(received("T1"), **{"asset.class": "bond"})], now=minutes(21))
    watcher.settle_due(now=minutes(22))

    assert told() == [("waiting", "missed"), ("missed", "waiting")]
    assert deadline().due_at is None
    assert Journey.objects.get().verdict == ""

    record([put(accepted("T1", name="early", at=-5), **{"asset.class": "equity"})], now=minutes(23))
    watcher.settle_due(now=minutes(24))
    assert told()[2:] == [("waiting", "missed")]
    assert Journey.objects.get().verdict == "missed"


@pytest.mark.parametrize(
    ("attributes", "applies"),
    [
        ({}, False),
        ({"a": "None"}, True),
        ({"a": True}, True),
        ({"a": 3}, True),
        ({"a": "x"}, False),
    ],
)
def test_when_compares_values_as_documents_write_them(attributes, applies):
    spec = DeadlineSpec("d", None, "s", when={"a": ("None", "true", "3")})
    assert spec.applies(attributes) is applies


def test_a_start_that_moves_into_another_version_brings_that_version():
    load()
    load(DOCUMENT.replace("PT15M", "PT10M"), at=minutes(0))
    record([accepted("T1", at=5)], now=NOW)
    assert deadline().version == 2

    record([received("T1", at=-5)], now=NOW)

    assert deadline().version == 1
    assert deadline().due_at == minutes(15) - timedelta(seconds=5)


def test_a_miss_by_silence_is_open_again_when_the_due_time_moves_past_what_was_read():
    load()
    record([accepted("T1", at=-600)], now=NOW)
    watcher.settle_due(now=minutes(6))
    assert Journey.objects.get().verdict == "missed"

    record([received("T1")], now=minutes(7))
    assert Journey.objects.get().verdict == "waiting"
    watcher.settle_due(now=minutes(16))

    assert told() == [("waiting", "missed"), ("missed", "waiting"), ("waiting", "missed")]


def test_a_miss_by_silence_stands_when_the_due_time_moves_back():
    load()
    record([accepted("T1", at=60)], now=NOW)
    watcher.settle_due(now=minutes(17))

    record([received("T1")], now=minutes(18))
    watcher.settle_due(now=minutes(19))

    assert told() == [("waiting", "missed")]
    assert deadline().due_at == minutes(15)


def test_a_falling_watermark_rewrites_nothing():
    two = DOCUMENT + (
        "  - deadline: enrich\n    rule: {kind: duration, from: ingress, amount: PT5M}\n"
        "    until: enriched\n"
    )
    load(two)
    record(trade("T1")[:2], now=NOW)
    watcher.settle_due(now=minutes(10))
    before = sorted(values("name", "verdict"))
    Source.objects.create(
        name="replay:1", epoch=1, watermark_at=minutes(1), alive_at=minutes(10)
    )  # a replay of older spans begins
    Journey.objects.update(next_at=NOON)
    watcher.settle_due(now=minutes(10.5))

    assert sorted(values("name", "verdict")) == before
    assert before[0] == ("enrich", "missed")


def test_weak_proof_after_a_miss_clears_it_and_is_not_told_as_late():
    load()
    record([received("T1"), accepted("T1")], now=NOW)
    watcher.settle_due(now=minutes(16))

    record([reported(parent="never exported", at=60)], now=minutes(17))
    watcher.settle_due(now=minutes(17))

    assert told() == [("waiting", "missed"), ("missed", "met")]
    assert "weak evidence" in deadline().reason


def test_proof_that_turns_out_to_be_another_event_s_is_taken_back():
    load()
    record([received("T1"), reported(parent="never exported", at=60)], now=NOW)
    watcher.settle_due(now=minutes(16))
    assert told() == [("waiting", "met")]

    record([accepted("T2", name="other", at=50)], now=minutes(17))
    watcher.settle_due(now=minutes(17))

    rows = dict(values("journey__key", "verdict"))
    assert rows["T1"] == "missed"
    assert deadline(key="T1").reached_at is None


def test_an_event_whose_spans_turn_out_to_be_another_s_is_no_more():
    load()
    noise = put(span("noise"), **{"trade.id": "T1"})
    record([noise, reported(parent="never exported")], now=NOW)
    assert Journey.objects.get().key == "T1"

    record([accepted("T2")], now=NOW)

    assert list(Journey.objects.values_list("key", flat=True)) == ["T2"]


def test_an_event_that_was_told_of_and_is_no_more_is_taken_back():
    load()
    noise = put(span("noise"), **{"trade.id": "T1"})
    record([noise, reported(parent="never exported", error=True)], now=NOW)
    watcher.settle_due(now=minutes(16))
    record([accepted("T2")], now=minutes(17))

    gone = Journey.objects.get(key="T1")
    assert (gone.status, gone.verdict, gone.next_at) == ("cancelled", "", None)
    assert reading.journey("trade-reporting", "T1", now=NOW) is None
    assert recorded("after", journey=gone)


def test_a_retry_that_fails_is_not_told_again_and_a_look_tells_nothing_new():
    load()
    record([received("T1"), accepted(), enriched(error=True)], now=NOW)
    watcher.settle_due(now=NOON + timedelta(seconds=60))
    record([enriched(name="again", at=895, error=True)], now=minutes(15))
    watcher.settle_due(now=minutes(15.01))
    watcher.settle_due(now=minutes(17))
    assert told("status") == [("in_flight", "failed")]


def test_a_lost_event_stays_lost_for_spans_that_are_as_old():
    load()
    record(trade("T1")[:3], now=NOW)
    watcher.settle_due(now=NOON + timedelta(days=2))

    record([span("old", trace="T1", parent="T1-received")], now=NOON + timedelta(days=2))
    watcher.settle_due(now=NOON + timedelta(days=2, minutes=1))

    assert told("status") == [("in_flight", "lost")]


def test_a_deadline_that_is_retired_or_added_concerns_later_events_only():
    load()
    record([received("T1")], now=NOW)
    load(
        DOCUMENT.replace("report within 15 minutes", "new name").replace("PT15M", "PT20M"),
        at=minutes(1),
    )
    record([accepted("T1"), received("T2", trace="T2", at=120)], now=minutes(3))
    rows = sorted(values("journey__key", "name"))
    assert rows == [("T1", "report within 15 minutes"), ("T2", "new name")]


def test_parts_that_come_while_no_step_of_theirs_is_in_the_flow_are_kept():
    load()
    record([received("T1")], now=NOW)
    other = DOCUMENT.replace("step: received", "step: came").replace("[received]", "[came]")
    load(other, at=minutes(1))
    record([span("noise", parent="received")], now=minutes(2))
    load(at=minutes(3))
    record([accepted("T1")], now=minutes(4))
    assert Journey.objects.get().spans == 3


def test_a_flow_that_cannot_be_read_stops_no_other():
    load()
    Flow.objects.create(name="bad", title="bad", document="flow: [", changed_at=NOW)
    record(trade("T1"), now=NOW)
    assert Journey.objects.get().status == "done"


def test_a_change_is_seen_though_its_clock_was_behind():
    load()
    flows.save(ANOTHER, now=NOON)
    assert flows.current().flows["trade-reporting"].title == "Equity trade reports"
    flows.save(DOCUMENT.replace("Equity", "Bond"), now=NOON - timedelta(days=1))
    assert flows.current().flows["trade-reporting"].title == "Bond trade reports"
    Flow.objects.filter(name="another").update(enabled=False)
    assert "another" not in flows.current().flows


ANOTHER = DOCUMENT.replace("flow: trade-reporting", "flow: another")


def test_a_due_time_at_the_end_of_time_stops_nobody():
    load(
        DOCUMENT.replace("from: ingress", 'from: "attr:booked"').replace(
            "attributes: [asset.class]", "attributes: [asset.class, booked]"
        )
    )
    hostile = put(received("T1"), booked="9999-12-31T23:44:59.999999Z")
    record([hostile, *trade("T2")], now=NOW)
    assert Journey.objects.count() == 2
    assert watcher.settle_due(now=minutes(1)) == 0


def test_while_telemetry_is_behind_a_grace_keeps_nobody_busy():
    load(DOCUMENT + "    grace: PT10M\n")
    record(trade("T1")[:2], now=NOW)
    Source.objects.create(name="replay:1", epoch=1, watermark_at=minutes(5), alive_at=minutes(60))
    assert watcher.settle_due(now=minutes(16)) == 0
    assert watcher.settle_due(now=minutes(26)) == 1
    assert watcher.settle_due(now=minutes(26)) == 0
    assert told() == [("waiting", "unknown")]


def test_a_batch_that_began_before_an_event_was_unknown_takes_nothing_back():
    """It may have waited for the event's rows while the watcher looked: its clock is behind."""
    load()
    record([accepted("T1", at=5)], now=NOW)
    Source.objects.create(name="replay:1", epoch=1, watermark_at=minutes(5), alive_at=minutes(60))
    assert watcher.settle_due(now=minutes(16)) == 1

    record([enriched("T1")], now=minutes(14))
    record([received("T1")], now=minutes(14))  # so it was due five seconds earlier

    assert told() == [("waiting", "unknown")]
    assert deadline().verdict == "unknown"


def test_noise_that_was_parked_before_a_step_and_a_key_came_is_kept_too():
    load()
    record([span("noise", parent="received")], now=NOW)
    record([received()], now=NOW)
    record([accepted("T1")], now=NOW)
    SpanBlock.objects.filter(bound=False).delete()  # as housekeeping does
    names = [one["name"] for one in reading.journey_spans("trade-reporting", "T1")]
    assert sorted(names) == ["accepted", "noise", "received"]


def test_what_a_trace_gains_beyond_its_bound_is_not_stored_over_and_over(monkeypatch):
    load()
    monkeypatch.setattr("slatrack.domain.facts.merge.__kwdefaults__", {"limit": 10})
    record([*trade("T1"), *(span(f"n{n}", trace="T1") for n in range(20))], now=NOW)
    state = Trace.objects.get().state
    blocks = SpanBlock.objects.count()
    record([span(f"n{n}", trace="T1") for n in range(20)], now=NOW)
    assert SpanBlock.objects.count() == blocks
    assert Trace.objects.get().state == state
    assert reading.journey("trade-reporting", "T1", now=NOW)["truncated"]


def test_one_bad_span_stops_no_others(caplog):
    load()
    poison = span("poison", trace="P", kind=2, service="gateway")
    good = put(accepted("T1"), **{"asset.class": "equity"})
    bad = poison._replace(attributes=None)
    done = record([bad, good], now=NOW)
    assert done.new == 2
    assert Journey.objects.get().key == "T1"
    assert "could not be matched" in caplog.text


def test_a_journey_that_cannot_be_folded_stops_no_other_and_is_tried_again(monkeypatch):
    load()
    record([*trade("bad")[:2], *trade("good")[:2]], now=NOW)
    fold = journey_rows.fold_journey

    def broken(row_id, event, *args):
        if event[1] == "bad":
            raise ArithmeticError
        return fold(row_id, event, *args)

    with monkeypatch.context() as patched:
        patched.setattr(journey_rows, "fold_journey", broken)
        record([*trade("bad"), *trade("good"), *trade("third")], now=NOW)
        watcher.settle_due(now=minutes(1))
    assert Journey.objects.filter(status="done").count() == 2

    watcher.settle_due(now=minutes(3))
    assert Journey.objects.filter(status="done", verdict="met").count() == 3
