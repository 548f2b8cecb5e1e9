"""Case 17: the same key again: amended, cancelled, or just submitted twice."""

from itertools import permutations

import pytest

from slatrack.tracking import flows, reading
from slatrack.tracking.models import (
    Deadline,
    Flip,
    Journey,
    Source,
    SpanBlock,
    Trace,
    UnroutedFlip,
)
from tests.bonds import after, sent, settle, store
from tests.recorded_flips import recorded

pytestmark = pytest.mark.django_db

TRADES = """\
flow: trades
event_key: [trade.id]
%s
steps:
  - {step: received, role: ingress, match: {service: gateway}}
  - {step: reported, role: sink, match: {service: sink}, after: [received]}
  - {step: busted, role: cancel, match: {service: desk}}
deadlines:
  - {deadline: in a minute, rule: {kind: duration, from: ingress, amount: PT1M}, until: reported}
"""
RESTART = TRADES % "amend: {version: trade.version, clock: restart}"
INHERIT = TRADES % "amend: {version: trade.version, clock: inherit}"
BY_STEP = (TRADES % "amend: {clock: restart}").replace(
    "  - {step: busted",
    "  - {step: amended, role: amend, match: {service: gateway,"
    " attributes: {trade.action: amend}}}\n  - {step: busted",
)
PLAIN = TRADES % "lost_after: PT24H"


def document(text):
    flows.save(text, now=after(-86400))


def received(name="v1", at=0.0, version=None, **fields):
    said = {} if version is None else {"trade__version": version}
    return sent(f"{name} in", "gateway", trace=name, at=at, trade__id="T", **said, **fields)


def reported(name="v1", at=10.0, **fields):
    return sent(
        f"{name} out", "sink", "client", trace=name, parent=f"{name} in", at=at, trade__id="T",
        **fields,
    )  # fmt: skip


def busted(at=20.0, **fields):
    return sent("bust", "desk", "client", at=at, trade__id="T", **fields)


def trade(at=1000):
    return reading.journey("trades", "T", now=after(at))


def deadline():
    return Deadline.objects.get()


def forget():
    for model in (Flip, UnroutedFlip, Deadline, Journey, Trace, SpanBlock):
        model.objects.all().delete()


def test_unknown_is_open_again_once_an_amendment_has_moved_what_is_due():
    document(RESTART)
    store([received(version="1")], at=1)
    behind = {"epoch": 1, "watermark_at": after(5), "alive_at": after(600)}
    Source.objects.create(name="replay:1", **behind)
    settle(100)
    assert deadline().verdict == "unknown"

    store([received("v2", at=90, version="2")], at=101)

    assert (deadline().verdict, deadline().due_at) == ("waiting", after(150))


def outcomes(spans, *, at):
    """What any order of the spans, one by one, comes to."""
    found = []
    for order in permutations(spans):
        forget()
        for one in order:
            store([one], at=at)
        store(spans, at=at)
        settle(at)
        seen = trade()
        del seen["deadlines"][0]["watermark"]
        found.append(seen)
    return found


def test_an_amendment_restarts_the_clock():
    document(RESTART)
    spans = [received(version=1), reported(), received("v2", at=300, version=2)]
    first, *others = outcomes(spans, at=310)
    assert others == [first] * len(others)
    assert first["status"] == "in_flight"
    assert first["started_at"] == "2026-11-20T12:05:00.000Z"
    assert [(v["version"], v["newest"]) for v in first["versions"]] == [("1", False), ("2", True)]
    assert (deadline().verdict, deadline().due_at) == ("waiting", after(360))

    store([reported("v2", at=320)], at=330)
    assert (trade()["status"], deadline().verdict) == ("done", "met")


def test_an_amendment_may_inherit_the_clock():
    document(INHERIT)
    spans = [received(version=1), reported(), received("v2", at=30, version=2)]
    first, *others = outcomes(spans, at=40)
    assert others == [first] * len(others)
    assert (first["status"], first["started_at"]) == ("in_flight", "2026-11-20T12:00:00.000Z")
    assert (deadline().verdict, deadline().due_at) == ("waiting", after(60))
    store([reported("v2", at=62)], at=70)
    assert (deadline().verdict, deadline().reached_at) == ("missed", after(63))


def test_what_was_told_of_the_version_before_stays_on_record():
    document(RESTART)
    store([received(version=1)], at=10)
    settle(61)
    store([received("v2", at=100, version=2), reported("v2", at=110)], at=120)
    settle(120)
    told = recorded("before", "after", about="verdict")
    assert told == [("waiting", "missed"), ("missed", "met")]


def test_versions_are_ordered_by_number_not_by_arrival_or_time():
    document(RESTART)
    spans = [received("v10", at=5, version=10), received("v9", at=50, version="9"), reported("v10")]
    assert all(one["status"] == "done" for one in outcomes(spans, at=60))


def test_an_older_version_still_on_its_way_proves_nothing_of_the_newest():
    document(RESTART)
    spans = [received(version=1), received("v2", at=30, version=2), reported("v1", at=40)]
    for one in outcomes(spans, at=50):
        assert one["status"] == "in_flight"
        assert [s["step"] for s in one["steps"]] == ["received"]


def test_a_step_may_tell_an_amendment():
    document(BY_STEP)
    again = received("v2", at=300, trade__action="amend")
    first, *others = outcomes([received(), reported(), again], at=310)
    assert others == [first] * len(others)
    assert first["status"] == "in_flight"
    assert [v["version"] for v in first["versions"]] == ["1", "2"]
    assert deadline().due_at == after(360)


def test_a_cancellation_ends_the_event_and_its_open_deadline():
    document(PLAIN)
    first, *others = outcomes([received(), busted()], at=25)
    assert others == [first] * len(others)
    assert (first["status"], first["cancelled_at"]) == ("cancelled", "2026-11-20T12:00:21.000Z")
    assert first["ended_at"] == first["cancelled_at"]
    [one] = first["deadlines"]
    assert one["due_at"] is None
    assert one["sentence"] == "Not applicable: the event was cancelled at 2026-11-20T12:00:21.000Z"
    settle(86400 * 3)
    assert trade()["status"] == "cancelled"
    assert recorded("about", "before", "after") == [("status", "in_flight", "cancelled")]


def test_what_was_missed_or_met_before_the_cancellation_stays_so():
    document(PLAIN)
    store([received(), busted(at=90)], at=100)
    settle(100)
    assert (trade()["status"], deadline().verdict) == ("cancelled", "missed")
    store([reported(at=30)], at=110)
    assert (trade()["status"], deadline().verdict) == ("cancelled", "met")


def test_a_miss_that_was_told_before_a_late_cancellation_came_is_taken_back_on_record():
    document(PLAIN)
    store([received()], at=10)
    settle(61)
    store([busted(at=20)], at=70)
    told = recorded("before", "after", about="verdict")
    assert told == [("waiting", "missed"), ("missed", "waiting")]
    assert deadline().reason.startswith("not applicable: the event was cancelled at")


def test_a_cancellation_alone_makes_the_journey():
    document(PLAIN)
    store([busted()])
    assert (trade()["status"], [s["step"] for s in trade()["steps"]]) == ("cancelled", ["busted"])


def test_a_cancellation_that_failed_is_none():
    document(PLAIN)
    store([received(), busted(error="refused")])
    assert trade()["status"] == "in_flight"


def test_an_amendment_after_the_cancellation_opens_the_event_again():
    document(RESTART)
    spans = [received(version=1), busted(), received("v2", at=300, version=2)]
    for one in outcomes(spans, at=310):
        assert (one["status"], one["cancelled_at"]) == ("in_flight", None)
        assert deadline().due_at == after(360)


def test_a_cancellation_with_a_version_of_its_own_ends_the_last():
    document(RESTART)
    for one in outcomes([received(version=1), busted(trade__version=2)], at=30):
        assert one["status"] == "cancelled"
        assert [s["step"] for s in one["steps"]] == ["received", "busted"]


def test_second_submissions_are_counted_and_are_attempts():
    document(PLAIN)
    spans = [received(), reported(), received("again", at=5), reported("again", at=15)]
    for one in outcomes(spans, at=30):
        assert one["duplicates"] == 1
        assert [s["attempts"] for s in one["steps"]] == [2, 2]


def test_second_submissions_may_be_ignored():
    document(TRADES % "duplicates: ignore")
    spans = [
        received(), reported(), received("again", at=5), reported("again", at=15, error="known")
    ]  # fmt: skip
    for one in outcomes(spans, at=30):
        assert (one["duplicates"], one["status"]) == (1, "done")
        assert [s["attempts"] for s in one["steps"]] == [1, 1]


def test_what_only_the_second_submission_proves_counts():
    document(TRADES % "duplicates: ignore")
    spans = [received(), received("again", at=5), reported("again", at=15)]
    for one in outcomes(spans, at=30):
        assert (one["duplicates"], one["status"]) == (1, "done")
