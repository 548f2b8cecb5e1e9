"""The rows against a slow oracle, whatever the order, the batches, repeats and looks.

The oracle knows all spans at once and follows the written rules word by word; it shares no code
with what it checks but the spans and the flow documents.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slatrack.domain.spans import Kind
from slatrack.tracking import flip_history, flows, watcher
from slatrack.tracking.models import Deadline, Flip, Journey, SpanBlock, Trace, UnroutedFlip
from slatrack.tracking.recorder import record
from tests.deadlines import deadline, deadlines
from tests.recorded_flips import recorded
from tests.spans import NOON, span
from tests.trades import DOCUMENT, enriched, reported, trade

pytestmark = pytest.mark.django_db

ORDERS = """\
flow: orders
event_key: [order.id]
attributes: [asset.class]
steps:
  - {step: placed, role: ingress, match: {kind: server, service: gateway}}
  - {step: sent, role: sink, match: {service: regulator-sink}, after: [placed]}
deadlines:
  - deadline: equity within 10 minutes
    rule: {kind: duration, from: "step:placed", amount: PT10M, warn: [{before: PT5M}]}
    until: sent
    when: {asset.class: [equity]}
"""
STEPS = {  # flow: {step: (does it match?, role)}, in the order of the document
    "trade-reporting": {
        "received": (lambda s: s.kind == Kind.SERVER and s.service == "gateway", "ingress"),
        "accepted": (lambda s: s.kind == Kind.PRODUCER and s.topic == "trades.accepted", ""),
        "enriched": (lambda s: s.kind == Kind.CONSUMER and s.service == "enricher", ""),
        "reported": (lambda s: s.service == "regulator-sink", "sink"),
    },
    "orders": {
        "placed": (lambda s: s.kind == Kind.SERVER and s.service == "gateway", "ingress"),
        "sent": (lambda s: s.service == "regulator-sink", "sink"),
    },
}
KEYS = {"trade-reporting": "trade.id", "orders": "order.id"}
SHAPES = [
    {"kind": Kind.SERVER, "service": "gateway"},
    {"kind": Kind.PRODUCER, "service": "gateway", "topic": "trades.accepted"},
    {"kind": Kind.CONSUMER, "service": "enricher", "topic": "trades.accepted"},
    {"kind": Kind.CLIENT, "service": "regulator-sink"},
    {"kind": Kind.CLIENT, "service": "regulator-sink"},
    {"kind": Kind.INTERNAL, "service": "noise"},
]
END = NOON + timedelta(hours=2)


class Oracle:
    """What must be at rest in the end."""

    def __init__(self, spans):
        self.traces = defaultdict(dict)
        for one in spans:
            self.traces[one.trace_id][one.span_id] = one

    def journeys(self, flow):
        bound = defaultdict(list)
        for trace in self.traces.values():
            for one in trace.values():
                for key in self.owners(trace, one, flow) or self.only(trace, flow):
                    bound[key].append(one)
        rows = {}
        for trace_keys in bound:
            proving = self.proving(bound[trace_keys], flow, trace_keys)
            if proving:
                rows[trace_keys] = proving
        return {key: self.fold(flow, found) for key, found in rows.items()}

    def proving(self, spans, flow, key):
        """The spans of those traces that prove a step of this event."""
        by_trace = defaultdict(list)
        for one in spans:
            by_trace[one.trace_id].append(one)
        good = [s for s in by_trace.values() if any(self.steps(one, flow) for one in s)]
        return [one for found in good for one in found]

    def own(self, one, flow):
        key = one.attributes.get(KEYS[flow])
        return {key} if key else set()

    def steps(self, one, flow):
        return [name for name, (matches, _) in STEPS[flow].items() if matches(one)]

    def only(self, trace, flow):
        keys = set().union(*(self.own(one, flow) for one in trace.values()))
        return keys if len(keys) == 1 else set()

    def owners(self, trace, one, flow):
        at = one
        while at is not None:
            if self.own(at, flow):
                return self.own(at, flow)
            at = trace.get(at.parent_id)
        if found := self.below(trace, one, flow):
            return found
        parent = trace.get(one.parent_id)
        beside = self.owners(trace, parent, flow) if parent else set()
        return set() if one.kind in (4, 5) and len(beside) > 1 else beside

    def below(self, trace, one, flow):
        children = [s for s in trace.values() if s.parent_id == one.span_id]
        return set().union(*(self.own(c, flow) or self.below(trace, c, flow) for c in children))

    def fold(self, flow, spans):
        sightings = defaultdict(list)
        for one in spans:
            for step in self.steps(one, flow):
                sightings[step].append(one)
        ingress = [s for n, (_, role) in STEPS[flow].items() if role == "ingress" for s in
                   sightings.get(n, [])]  # fmt: skip
        [sink] = [n for n, (_, role) in STEPS[flow].items() if role == "sink"]
        reached = min((s.end for s in sightings.get(sink, []) if not s.error), default=None)
        names = list(STEPS[flow])
        last = max(sightings, key=lambda n: (min(s.start for s in sightings[n]), names.index(n)))
        failed = all(s.error for s in sightings[last])
        return SimpleNamespace(
            status="done" if reached else "failed" if failed else "in_flight",
            started=min(s.start for s in ingress or spans),
            placed=min((s.start for s in ingress), default=None),
            reached=reached,
            step=last,
            spans=len(spans),
            attributes=self.attributes(spans),
        )

    def attributes(self, spans):
        speaking = [s for s in spans for f in STEPS if self.own(s, f) or self.steps(s, f)]
        found = [(s.start, repr(s.attributes["asset.class"]), s.attributes["asset.class"])
                 for s in speaking if "asset.class" in s.attributes]  # fmt: skip
        return {"asset.class": min(found)[2]} if found else {}

    def deadline(self, flow, journey):
        """Start and length of the clock, or None where there is none."""
        if flow == "trade-reporting":
            return journey.started, timedelta(minutes=15)
        if journey.attributes.get("asset.class") != "equity" or journey.placed is None:
            return None
        return journey.placed, timedelta(minutes=10)

    def rows(self):
        return sorted(
            self.row(flow, key, journey)
            for flow in STEPS
            for key, journey in self.journeys(flow).items()
        )

    def row(self, flow, key, journey):
        clock, verdict, due, reached = self.deadline(flow, journey), "", None, at(journey.reached)
        if clock:
            due = at(clock[0]) + clock[1]
            verdict = "met" if reached and reached <= due else "missed"
        return (
            flow, key, journey.status, journey.step, str(at(journey.started)), journey.spans,
            str(journey.attributes), verdict, str(due), str(reached if clock else None),
        )  # fmt: skip


def at(nanoseconds):
    return nanoseconds and datetime.fromtimestamp(nanoseconds // 10**9, UTC)


@pytest.fixture(autouse=True)
def two_flows():
    flows.save(f"{DOCUMENT}---\n{ORDERS}", now=NOON - timedelta(days=2))


@st.composite
def worlds(draw):
    """Spans of a small world, in which keys, parents, traces and steps meet in every way."""
    spans = []
    for number in range(draw(st.integers(1, 9))):
        parent = draw(st.integers(-1, number))  # its own number: one that was never exported
        keys = {
            name: draw(st.sampled_from([None, None, "K1", "K2"]))
            for name in ("trade.id", "order.id")
        }
        asset = draw(st.sampled_from([None, "equity", "bond"]))
        spans.append(
            span(
                f"s{number}",
                trace=draw(st.sampled_from("aab")),
                parent="" if parent < 0 else "never" if parent == number else f"s{parent}",
                at=draw(st.integers(0, 1500)),
                took=draw(st.sampled_from([1, 30, 600])),
                error=draw(st.sampled_from([False, False, True])),
                attributes={
                    name: value
                    for name, value in {**keys, "asset.class": asset}.items()
                    if value is not None
                },
                **draw(st.sampled_from(SHAPES)),
            )
        )
    return spans


def forget():
    for model in (Flip, UnroutedFlip, Deadline, Journey, Trace, SpanBlock):
        model.objects.all().delete()


def play(spans, data):
    """Record the spans as they end, some twice, in any batches; the watcher looks in between."""
    looks = sorted(data.draw(st.lists(st.integers(0, 3000), max_size=3), label="looks"))
    left = list(spans)
    for look in looks:
        now = NOON + timedelta(seconds=look)
        past = [one for one in left if at(one.end) <= now]
        left = [one for one in left if at(one.end) > now]
        record_in_batches(past, data, now=now)
        settle(now)
    record_in_batches([*left, *spans[:2]], data, now=END)
    settle(END)


def record_in_batches(spans, data, *, now):
    order = data.draw(st.permutations(spans), label="order")
    cut = data.draw(st.integers(0, len(order)), label="cut")
    for batch in (order[:cut], order[cut:]):
        record(batch, now=now)


def settle(now):
    for _ in range(4):
        if not watcher.settle_due(now=now):
            return
    pytest.fail("the watcher finds no rest")


def rows():
    clocks = {one.journey.pk: one for one in deadlines() if one.due_at or not one.flip_count}
    found = []
    for row in Journey.objects.exclude(status="cancelled").select_related("flow"):
        one = clocks.get(row.id)
        known = one is not None and one.due_at is not None
        assert row.verdict == (one.verdict if known else "")
        found.append(
            (row.flow.name, row.key, row.status, row.step, shown(row.started_at), row.spans,
             str(row.attributes), row.verdict, shown(one.due_at if known else None),
             shown(one.reached_at if known else None))
        )  # fmt: skip
    return sorted(found)


def shown(when):
    return str(when)


def check_flips():
    """Each deadline's flips are a chain from waiting to its verdict, without holes."""
    chains = defaultdict(list)
    for flip in flip_history.every():
        chains[flip.journey_id, flip.deadline].append(flip)
    for (journey, name), chain in chains.items():
        assert [flip.number for flip in chain] == list(range(1, len(chain) + 1))
        verdicts = [flip for flip in chain if flip.about == "verdict"]
        said = "waiting"
        for flip in verdicts:
            assert flip.before == said
            said = flip.after
        if name:
            assert deadline(name, id=journey).verdict == said


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_rows_are_those_of_the_oracle(data):
    spans = data.draw(worlds())
    forget()
    play(spans, data)
    assert rows() == Oracle(spans).rows()
    check_flips()


def flips():
    fields = ("journey__key", "deadline", "version", "number", "about", "before", "after", "at")
    return sorted(recorded(*fields, "due_at", "reason", "step"))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_flips_do_not_depend_on_order_and_batches_before_the_due_time(data):
    spans = [
        *trade("done"),
        *trade("silent")[:3],
        *trade("keyless")[:1],
        *trade("retried")[:3],
        enriched("retried", name="again", trace="retried", at=12, error=True),
        reported("retried", name="failed", trace="retried", at=25, error=True),
        reported("retried", name="good", trace="retried", at=30),
        *trade("failing")[:2],
        enriched("failing", trace="failing", at=11, error=True),
    ]
    order = data.draw(st.permutations([*spans, *spans[:4]]))
    cut, other = sorted(data.draw(st.tuples(st.integers(0, 19), st.integers(0, 19))))
    told = []
    for batches in ([spans], [order[:cut], order[cut:other], order[other:]]):
        forget()
        for batch in batches:
            record(batch, now=NOON + timedelta(seconds=40))
        for seconds in (41, 460, 730, 901):
            settle(NOON + timedelta(seconds=seconds))
        told.append(flips())
    assert told[0] == told[1]
    assert len(told[0]) > 8
