"""What silence alone decides is exactly what folding the journeys again would decide."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from slatrack.tracking import flows, hands, quiet_bulk, rule_versions, watcher
from slatrack.tracking.decisions import Moment
from slatrack.tracking.falling_due import Share
from slatrack.tracking.models import Deadline, Flip, Journey, RuleVersion, Source, UnroutedFlip
from slatrack.tracking.recorder import record
from tests.recorded_flips import recorded
from tests.spans import NOON
from tests.trades import accepted, enriched, received, reported

pytestmark = pytest.mark.django_db

DOCUMENT = """\
flow: trade-reporting
event_key: [trade.id]
attributes: [asset.class]
lost_after: PT40M
steps:
  - {step: received, role: ingress, match: {kind: server, service: gateway}}
  - {step: accepted, match: {kind: producer, topic: trades.accepted}, after: [received]}
  - {step: enriched, match: {service: enricher, kind: consumer}, after: [accepted]}
  - {step: reported, role: sink, match: {service: regulator-sink}, after: [enriched]}
deadlines:
  - deadline: report within 15 minutes
    rule: {kind: duration, from: ingress, amount: PT15M, warn: [{fraction: 0.5}, {before: PT3M}]}
    until: reported
    severity: critical
  - deadline: enrich within 4 minutes
    rule: {kind: duration, from: "step:accepted", amount: PT4M, warn: [{before: PT1M}]}
    until: enriched
    grace: PT90S
  - deadline: equity within 10 minutes
    rule: {kind: duration, from: ingress, amount: PT10M}
    until: reported
    when: {asset.class: [equity]}
"""
# Where something changes for what began at 0: warnings, due times, ends of grace, of patience.
EDGES = st.sampled_from([180, 240, 330, 335, 336, 450, 600, 605, 606, 720, 900, 905, 906, 2400])
SECONDS = st.one_of(EDGES, st.integers(0, 3600))
BEGINS = st.one_of(st.just(0), st.integers(0, 1800))
BEHIND = st.one_of(st.just(0), st.sampled_from([1, 5, 6, 60, 300]), st.integers(0, 900))
DELAYS = st.sampled_from([0, 0, 0, 600, 1200])


def minutes(count):
    return NOON + timedelta(minutes=count)


@st.composite
def events(draw):
    """Spans of some events with when they come: some steps of each, some failed, early and late."""
    found = []
    for number in range(draw(st.integers(1, 4))):
        key = f"T{number}"
        kind = {"asset.class": draw(st.sampled_from(["equity", "bond"]))}
        for make in (received, accepted, enriched, reported):
            if draw(st.booleans()):
                at, error = draw(BEGINS), draw(st.integers(0, 9)) == 0
                fields = {"at": at, "error": error, "trace": key, "attributes": kind}
                name = f"{key}-{make.__name__}"
                found.append((at + draw(DELAYS), make(key, name=name, parent="", **fields)))
    return found


@st.composite
def looks(draw):
    """Instants at which the watcher looks, with how far the telemetry is behind by then."""
    found = draw(st.lists(st.tuples(SECONDS, BEHIND), min_size=1, max_size=6))
    return sorted(found)


def play(spans, looked, later, *, fold):
    """Record the spans as they come, and look; return all that is at rest then, and undo it.

    `later` says when another version of a rule takes over what is open, and its amount.
    """
    with transaction.atomic():
        replay = Source.objects.create(name="replay:1", epoch=1, alive_at=NOON)
        left = sorted(spans, key=lambda one: one[0])
        for second, behind in looked:
            now = NOON + timedelta(seconds=second)
            read_to = now - timedelta(seconds=behind)
            Source.objects.filter(pk=replay.pk).update(watermark_at=read_to, alive_at=now)
            if later and later[0] <= second:
                take_over(later[1], now=now)
                later = None
            due = [one for at, one in left if at <= second]
            left = [(at, one) for at, one in left if at > second]
            if due:
                record(due, now=now)
            if fold:
                Journey.objects.update(judged_by=0)  # by something that is not in force
            watcher.settle_due(now=now)
        found = at_rest()
        transaction.set_rollback(True)
    return found


def take_over(amount, *, now):
    """Save a second version of the first rule, and have it judge the events that are open."""
    begun = NOON - timedelta(days=1)
    flows.save(DOCUMENT.replace("PT15M", amount), effective_from=begun, now=now)
    rule_versions.recompute(RuleVersion.objects.get(version=2), by=None, now=now)


def at_rest():
    journeys = Journey.objects.order_by("id").values()
    for row in journeys:
        del row["judged_by"]
        row["parts"] = bytes(row["parts"])
    deadlines = Deadline.objects.order_by("journey", "name").values()
    flips = (
        model.objects.order_by("journey", "deadline", "number").values()
        for model in (Flip, UnroutedFlip)
    )
    return list(journeys), *(_without_ids(rows) for rows in (deadlines, *flips))


def _without_ids(rows):
    return [{name: value for name, value in row.items() if name != "id"} for row in rows]


LATER = st.none() | st.tuples(SECONDS, st.sampled_from(["PT5M", "PT30M"]))
# Missed by what was seen first; the ingress, seen after the take-over, makes it open again.
OPEN_AGAIN = [(0, accepted("T1", parent="", at=0)), (1080, received("T1", at=600))]


@given(spans=events(), looked=looks(), later=LATER)
@example(
    spans=OPEN_AGAIN, looked=[(960, 0), (1020, 0), (1080, 0), (1560, 0)], later=(1020, "PT30M")
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_alone_say_what_folding_says(spans, looked, later):
    flows.save(DOCUMENT, now=NOON - timedelta(days=3))

    folded = play(spans, looked, later, fold=True)

    assert play(spans, looked, later, fold=False) == folded


def unreadable():
    """An event of which only the rows can tell: its parts cannot be unpacked any more."""
    flows.save(DOCUMENT, now=NOON - timedelta(days=3))
    record([received("T1", at=0)], now=NOON)
    Journey.objects.update(parts=b"\xff")


def told():
    return recorded("about", "before", "after", "step")


def test_warnings_and_a_miss_need_no_spans():
    unreadable()

    for minute in (8, 13, 16):
        watcher.settle_due(now=minutes(minute))

    assert told() == [
        ("warning", "0", "1", "received"),
        ("warning", "1", "2", "received"),
        ("verdict", "waiting", "missed", "received"),
    ]
    row = Journey.objects.get()
    assert (row.verdict, row.next_at) == ("missed", row.silent_at)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda: Journey.objects.update(next_at=minutes(15)), id="it was sent"),
        pytest.param(lambda: flows.save(DOCUMENT + "    severity: info\n", now=NOON), id="rules"),
    ],
)
def test_what_may_be_otherwise_now_is_folded(change):
    flows.save(DOCUMENT, now=NOON - timedelta(days=3))
    record([received("T1", at=0)], now=NOON)
    Journey.objects.update(step="read from the rows")
    change()

    watcher.settle_due(now=minutes(16))

    assert told()[-1][2:] == ("missed", "received")


def test_silence_that_may_mean_that_an_event_is_lost_is_folded():
    flows.save(DOCUMENT, now=NOON - timedelta(days=3))
    record([received("T1", at=0)], now=NOON)

    watcher.settle_due(now=minutes(41))

    assert Journey.objects.get().status == "lost"
    assert {after for (after,) in recorded("after")} == {"missed", "lost"}


def test_what_is_open_again_is_judged_by_the_version_that_took_over_meanwhile():
    flows.save(DOCUMENT, now=NOON - timedelta(days=3))
    record([accepted("T1", parent="", at=0)], now=NOON)
    watcher.settle_due(now=minutes(16))
    rule = Deadline.objects.get(name="report within 15 minutes")
    assert (rule.version, rule.verdict) == (1, "missed")

    take_over("PT30M", now=minutes(17))
    record([received("T1", at=10 * 60)], now=minutes(18))
    rule.refresh_from_db()
    assert (rule.version, rule.verdict, rule.due_at) == (1, "waiting", minutes(25))

    watcher.settle_due(now=minutes(26))
    rule.refresh_from_db()
    assert (rule.version, rule.verdict, rule.due_at) == (2, "waiting", minutes(40))


if connection.vendor == "postgresql":

    def test_postgresql_settles_by_itself_what_needs_no_second_look():
        flows.save(DOCUMENT, now=NOON - timedelta(days=3))
        record([received(f"T{number}", at=0, trace=f"T{number}") for number in range(9)], now=NOON)
        in_force = flows.current()

        for minute in (8, 13, 16):  # a warning, another one, the miss
            moment = Moment(minutes(minute), minutes(minute), silent=True)
            with transaction.atomic():
                locked = quiet_bulk.lock(in_force, Share(moment, None, ()), 100)
                left = quiet_bulk.settle(locked.quiet, in_force, moment)
            assert (locked.number, locked.others, left) == (9, [], [])

        assert set(Journey.objects.values_list("verdict", flat=True)) == {"missed"}

    def test_what_is_due_before_what_was_settled_last_is_found_soon_however_much_there_is():
        flows.save(DOCUMENT, now=NOON - timedelta(days=3))
        some = 4 * watcher.WHOLE
        record([received(f"T{n}", at=n + 60, trace=f"T{n}") for n in range(some)], now=NOON)
        watcher.settle_due(now=minutes(8.9))  # the warning
        watcher.settle_due(now=minutes(14))  # another one
        hands.FULL.set()
        try:
            assert [watcher.settle_due(now=minutes(20), limit=1) for _ in range(3)] == [1, 1, 1]

            record([received("FIRST", at=0, trace="FIRST")], now=minutes(20))
            first, turns = Journey.objects.filter(key="FIRST", verdict="missed"), 0
            while not first.exists():
                turns += watcher.settle_due(now=minutes(20), limit=1)
            assert 1 < turns <= watcher.WHOLE

            while watcher.settle_due(now=minutes(20), limit=7):
                pass
            assert not Journey.objects.exclude(verdict="missed").exists()
        finally:
            hands.FULL.clear()
