"""What an author should look at before saving a deadline, in words."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from slatrack.domain.deadline_documents import DeadlineReader
from slatrack.domain.deadline_doubts import (
    NeverSeen,
    Overlap,
    Seen,
    never_after,
    never_seen,
    no_instants,
    overlaps,
)
from slatrack.domain.flows import DeadlineSpec, Flow
from slatrack.tracking import seen_values
from slatrack.tracking.closures import calendars
from slatrack.tracking.models import Flow as FlowRow

SHOWN = 5  # values that are named


def advice(
    row: FlowRow,
    flow: Flow,
    entry: Mapping[str, Any],
    starts: Sequence[datetime],
    *,
    name: str,
    now: datetime,
) -> list[str]:
    """Return what is doubtful about `entry`, which replaces the deadline called `name`."""
    reader = DeadlineReader(flow.steps, children=flow.children is not None)
    spec = reader.deadline(entry, ("deadlines", 0))
    if spec is None or reader.problems:
        return []
    others = [one for one in flow.deadlines if one.name not in (name, spec.name)]
    found = overlaps(spec, others, starts, calendars())
    seen = seen_values.seen_values(row, flow.kept, spec.reads, now=now)
    return [*_order(flow, spec), *map(_overlap, found), *_unseen(spec, seen)]


def _order(flow: Flow, spec: DeadlineSpec) -> Iterator[str]:
    for step in never_after(flow, spec):
        start = "ingress" if step == "ingress" else f"step {step}"
        yield f"{spec.until} does not come after {start} on the way of {flow.name}."


def _overlap(one: Overlap) -> str:
    if one.same:
        return f"{one.name} says the same for events that both apply to: each would be told twice."
    both = f"{one.name} applies to the same events"
    if one.tried and one.earlier == one.tried:
        return f"{both} and is due earlier: who keeps that one keeps this one too."
    if one.tried and one.later == one.tried:
        return f"{both} and is due later: who keeps this one keeps that one too."
    return (
        f"{both}: of {one.tried} starts tried it is due earlier for {one.earlier}, later for "
        f"{one.later}."
    )


def _unseen(spec: DeadlineSpec, seen: Seen) -> Iterator[str]:
    if not any(seen.events.values()):
        if spec.reads:
            yield "No event has been seen yet: whether its conditions are ever met is not known."
        return
    for one in never_seen(spec, seen):
        yield _never(one, _newest(one.attribute, seen))
    for name, why in no_instants(spec.rule, seen).items():
        yield f"It counts from {name}, but of {_newest(name, seen)}: {why}."


def _newest(name: str, seen: Seen) -> str:
    count = seen.events.get(name, 0)
    return "the one event so far" if count == 1 else f"the newest {count:,} events"


def _never(one: NeverSeen, newest: str) -> str:
    wanted = " or ".join(one.wanted)
    if not one.seen:
        return f"{one.attribute} {wanted}: no span of {newest} carries {one.attribute}."
    ranked = sorted(one.seen.items(), key=lambda pair: (-pair[1], pair[0]))
    listed = ", ".join(f"{value[:60]} ({count:,})" for value, count in ranked[:SHOWN])
    more = f" and {len(ranked) - SHOWN:,} other values" if len(ranked) > SHOWN else ""
    return f"{one.attribute} {wanted}: none of {newest} had that. Seen: {listed}{more}."
