"""Drifting: a look at journeys of each flow, old and new, for what its document does not say.

Work of a worker, off the hot path; what it found is kept with when and from how much.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec

from slatrack.domain.discovery.drift import Difference, Walk, drift
from slatrack.domain.discovery.places import DATABASE, METHOD, ROUTE, RPC, Place, place
from slatrack.domain.flows import Flow
from slatrack.domain.instants import to_datetime, to_nanoseconds
from slatrack.domain.matching import Matcher
from slatrack.domain.spans import Span
from slatrack.otlp.decoding import Wanted
from slatrack.otlp.rereading import reread
from slatrack.tracking import flows, models, span_blocks
from slatrack.tracking.discovery_models import Drift, DriftDismissal
from slatrack.tracking.evidence import Evidence, find

logger = logging.getLogger(__name__)

WITHIN = timedelta(hours=24)
EVERY = timedelta(minutes=14)
NEWEST = 100  # journeys
MOMENTS, AT_EACH = 15, 8  # journeys from all the time before
MOST_SPANS = 500  # of one journey
AT_ONCE = 40  # journeys whose spans are read together
NAMES = frozenset((ROUTE, METHOD, *RPC, *DATABASE))


def look_at_all(*, now: datetime) -> None:
    """Look at every flow in force that was not looked at lately; one that fails stops no other."""
    fresh = Drift.objects.filter(at__gt=now - EVERY).values_list("flow__name", flat=True)
    for name in flows.current().flows.keys() - set(fresh):
        try:
            look(name, now=now)
        except Exception:
            logger.exception("drift of flow %r could not be found", name)


def look(name: str, *, now: datetime) -> list[Difference]:
    """Look at one flow's journeys, keep and return what differs."""
    in_force = flows.current()
    flow, flow_id = in_force.flows[name], in_force.ids[name]
    ids = _chosen(flow_id, now)
    walks = list(_walks(flow, ids, now=now))
    differences = drift(flow, walks, now=to_nanoseconds(now))
    starts = sorted(walk.start for walk in walks)
    Drift.objects.update_or_create(
        flow_id=flow_id,
        defaults={
            "at": now,
            "journeys": len(walks),
            "since": to_datetime(starts[0]) if starts else None,
            "found": msgspec.to_builtins(differences),
        },
    )
    return differences


def _chosen(flow_id: int, now: datetime) -> list[UUID]:
    """The newest journeys, and some from moments spread over the time before."""
    rows = models.Journey.objects.filter(flow_id=flow_id, started_at__gte=now - WITHIN)
    newest = list(rows.order_by("-started_at").values_list("id", "started_at")[:NEWEST])
    oldest = rows.order_by("started_at").values_list("started_at", flat=True).first()
    if not newest or oldest is None:
        return []
    step = (newest[-1][1] - oldest) / MOMENTS
    ids = {row_id for row_id, _ in newest}
    for number in range(MOMENTS):
        since = rows.filter(started_at__gte=oldest + number * step).order_by("started_at")
        ids.update(since.values_list("id", flat=True)[:AT_EACH])
    return sorted(ids)


def _walks(flow: Flow, ids: Sequence[UUID], *, now: datetime) -> Iterator[Walk]:
    """Yield the journeys, some at a time: journeys of one time share blocks of spans."""
    matcher, wanted = Matcher([flow]), Wanted(flow.wanted | NAMES)
    rows = models.Journey.objects.filter(id__in=ids).order_by("started_at", "id")
    keys = list(rows.values_list("key", "ended_at"))
    for start in range(0, len(keys), AT_ONCE):
        some = [
            (known, ended is not None)
            for key, ended in keys[start : start + AT_ONCE]
            if (known := find(flow.name, key, flows.current()))
        ]
        evidence = [(known, ended, Evidence(known)) for known, ended in some]
        spans = _spans((one for _, _, one in evidence), wanted, now)
        for known, ended, one in evidence:
            own = [spans[at] for at in one.bound if at in spans]
            steps = {seen.step: seen.start for seen in known.journey.steps}
            strays = _strays(own, matcher, steps)
            yield Walk(known.journey.key, known.journey.started, steps, strays, ended)


def _spans(
    evidence: Iterable[Evidence], wanted: Wanted, now: datetime
) -> dict[tuple[bytes, bytes], Span]:
    """Return the spans of some journeys; of one with very many, the first ones."""
    blocks: dict[bytes, tuple[int, ...]] = {}
    bound: set[tuple[bytes, bytes]] = set()
    for one in evidence:
        blocks |= {trace_id: stored.blocks for trace_id, stored in one.traces.items()}
        bound.update(islice(one.bound, MOST_SPANS))
    stored = (at for at in span_blocks.load(blocks) if (at.trace_id, at.span_id) in bound)
    return {(s.trace_id, s.span_id): s for s in reread(stored, wanted=wanted, now=now)}


def _strays(spans: Iterable[Span], matcher: Matcher, steps: dict[str, int]) -> dict[Place, str]:
    """The places of spans that no step matches, each with the step before it."""
    strays: dict[Place, str] = {}
    for span in sorted(spans, key=lambda one: one.start):
        at = place(span)
        if at is None or at in strays or matcher.match(span).steps:
            continue
        before = [(start, name) for name, start in steps.items() if start <= span.start]
        strays[at] = max(before)[1] if before else ""
    return {at: after for at, after in strays.items() if at.operation != "receive"}


def found(look: Drift) -> list[Difference]:
    """Return what a look found, dismissed or not."""
    return msgspec.convert(look.found, list[Difference], strict=False)


def difference(flow: models.Flow, ident: str) -> Difference | None:
    """Return a difference of the last look; None if it is gone."""
    look = Drift.objects.filter(flow=flow).first()
    return next((one for one in found(look) if one.ident == ident), None) if look else None


def dismiss(flow: models.Flow, ident: str, *, by: Any, now: datetime) -> bool:
    """Note that a difference is known and needs nothing; twice is once. False if it is gone."""
    if difference(flow, ident) is None:
        return False
    DriftDismissal.objects.get_or_create(flow=flow, ident=ident, defaults={"by": by, "at": now})
    return True
