"""What the watcher looks at while telemetry is behind, and how often."""

from collections import defaultdict
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from slatrack.domain.deadlines import PATIENCE, ends
from slatrack.tracking import falling_due, flows, sources, watcher
from slatrack.tracking.decisions import Moment
from slatrack.tracking.falling_due import Share, shares
from slatrack.tracking.models import Journey, Source, UnroutedFlip
from slatrack.tracking.recorder import record
from tests.spans import NOON
from tests.trades import received

pytestmark = pytest.mark.django_db

DOCUMENT = """\
flow: trade-reporting
event_key: [trade.id]
steps:
  - {step: received, role: ingress, match: {service: gateway, kind: server}}
  - {step: reported, role: sink, match: {service: sink-connector}}
deadlines:
  - {deadline: report, rule: {kind: duration, from: ingress, amount: PT15M}, until: reported}
"""
DUE = NOON + timedelta(minutes=15)
LATER = DUE + timedelta(minutes=1)


@pytest.fixture
def behind():
    """One event is overdue; telemetry has been read up to a minute before it was due."""
    flows.save(DOCUMENT, now=NOON - timedelta(days=3))
    record([received("T1", at=0)], now=NOON)
    Source.objects.create(name="replay:1", watermark_at=DUE - timedelta(minutes=1), alive_at=LATER)


def any_due(now, **options):
    return watcher.any_due(sources.watermarks(now).moment(now, silent=True), **options)


def verdict():
    return Journey.objects.get().verdict


def test_what_is_overdue_is_found_and_unknown_while_telemetry_is_behind(behind):
    assert any_due(LATER)

    watcher.settle_due(now=LATER)

    assert verdict() == "unknown"
    assert not any_due(LATER)


def test_a_look_that_is_not_for_the_overdue_leaves_them_and_finds_what_silence_proves(behind):
    assert not any_due(LATER, overdue=False)
    assert watcher.settle_due(now=LATER, overdue=False) == 0
    assert verdict() == "waiting"

    Source.objects.update(watermark_at=LATER)
    assert any_due(LATER, overdue=False)
    watcher.settle_due(now=LATER, overdue=False)
    assert verdict() == "missed"


def test_looks_for_the_overdue_rest_many_times_as_long_as_one_took(behind, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(falling_due.time, "monotonic", lambda: clock[0])
    falling_due.Overdue.took(0.5)

    clock[0] += 0.5 * falling_due.RESTS - 0.1
    assert watcher.turn(LATER).settled == 0
    assert verdict() == "waiting"

    clock[0] += 0.2
    assert watcher.turn(LATER).settled == 1
    assert verdict() == "unknown"


@pytest.mark.parametrize("of_one", [False, True])
def test_what_is_due_later_is_not_walked_over(behind, of_one):
    moment = sources.watermarks(LATER).moment(LATER, silent=True)
    flow = flows.current().ids["trade-reporting"]
    share = Share(moment, flow if of_one else None, () if of_one else (flow + 1,))

    for overdue in (False, True):
        plan = planned(falling_due.rows(share, overdue=overdue))
        if connection.vendor == "postgresql":  # of which index there is, by sizes
            assert "next_at <= " in plan.partition("Index Cond: ")[2].partition("\n")[0]
        elif of_one:
            assert "journey_next_of_flow (flow_id=? AND next_at<?)" in plan
        else:
            assert "journey_next (next_at<?)" in plan


def test_of_a_flow_that_is_ahead_one_step_down_an_index_is_taken(behind):
    flow = flows.current().ids["trade-reporting"]
    assert falling_due._first([flow]) == {flow: ends(DUE, timedelta())}

    with CaptureQueriesContext(connection) as asked:
        falling_due._first([flow])
    assert "journey_next_of_flow" in planned(asked[0]["sql"])


def planned(query):
    """Return how the database would go about it, were its tables large."""
    sql, values = (query, None) if isinstance(query, str) else query.query.sql_with_params()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute(f"EXPLAIN {sql}", values)
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", values)
        return "\n".join(str(line[-1]) for line in cursor.fetchall())


GRACE = timedelta(seconds=30)
FLOWS = ("orders", "parcels", "loans")
SEVERAL = "---\n".join(
    DOCUMENT.replace("trade-reporting", name)
    .replace("trade.id", f"{name}.id")
    .replace("deadline: report,", "deadline: report, grace: PT30S,")
    for name in FLOWS
)
SECONDS = st.integers(0, 300)
LAGS = st.sampled_from([0, 3, 20, 60, 200, 600])  # seconds
LOOKS = st.tuples(SECONDS, LAGS, st.dictionaries(st.sampled_from(FLOWS), LAGS))


@given(
    st.lists(st.tuples(st.sampled_from(FLOWS), SECONDS), min_size=1, max_size=8),
    st.lists(LOOKS, min_size=1, max_size=4),
)
def test_each_event_is_judged_by_what_is_known_of_its_own_flow(events, looks):
    with transaction.atomic():
        flows.save(SEVERAL, now=NOON - timedelta(days=3))
        record([begun(number, *event) for number, event in enumerate(events)], now=NOON)
        expected = {f"{number}": ["waiting"] for number in range(len(events))}
        for second, lag, further in sorted(looks, key=lambda look: look[0]):
            moment = at(second, lag, further)
            for number, (flow, begin) in enumerate(events):
                chain = expected[f"{number}"]
                after = judged(chain[-1], DUE + timedelta(seconds=begin), flow, moment)
                chain += [after] if after != chain[-1] else []

            while sum(settled(share) for share in shares(moment, overdue=True)):
                pass

            assert chains() == expected
        transaction.set_rollback(True)


def chains():
    """Return the verdicts of each event in their order; what was told of each change agrees."""
    found = defaultdict(lambda: ["waiting"])
    told = UnroutedFlip.objects.filter(about="verdict").order_by("id")
    for key, before, after in told.values_list("journey__key", "before", "after"):
        assert found[key][-1] == before
        found[key].append(after)
    now = Journey.objects.values_list("key", "verdict")
    assert all(found[key][-1] == verdict for key, verdict in now)
    return dict(found)


def begun(number, flow, second):
    attributes = {f"{flow}.id": f"{number}"}
    return received(at=second, trace=f"{number}", name=f"{number}", attributes=attributes)


def at(second, lag, further):
    """Return the moment of a look: how far all has been read, and flows that are ahead of that."""
    now = DUE + timedelta(seconds=second)
    ahead = {flow: now - timedelta(seconds=own) for flow, own in further.items() if own < lag}
    return Moment(now, now - timedelta(seconds=lag), True, ahead)


def judged(before, due, flow, moment):
    """Say it anew, from what a deadline is."""
    read_to = moment.ahead.get(flow, moment.watermark)
    if before == "missed" or read_to > due + GRACE:
        return "missed"
    return "unknown" if moment.now > due + GRACE + PATIENCE else before


def settled(share):
    return watcher._settle_silent(flows.current(), share, watcher.CHUNK, overdue=True)
