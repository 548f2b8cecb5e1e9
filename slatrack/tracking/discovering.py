"""Discovering: a look at parked spans for flows, off the hot path, with its findings kept."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from slatrack.domain.discovery.finding import Findings, find
from slatrack.domain.discovery.places import Place, place
from slatrack.domain.instants import to_datetime
from slatrack.domain.matching import Matcher
from slatrack.domain.spans import Span
from slatrack.tracking import flows, models, work
from slatrack.tracking.discovery_models import Discovery, Work
from slatrack.tracking.unbound_sample import MOST_SPANS, WITHIN, sample

TASK = "tracking.discover"
EVERY = timedelta(minutes=15)


def ask(*, by: Any = None, now: datetime) -> Discovery:
    """Have a worker look; the look that is under way already, if there is one."""
    row = work.under_way(Discovery, now=now)
    if row is None:
        row = Discovery.objects.create(asked_at=now, alive_at=now, by=by)
        work.ask(TASK, row)
    return row


def is_due(*, now: datetime) -> bool:
    """Whether the last look is old and there are parked spans that it did not see."""
    last = latest()
    if work.under_way(Discovery, now=now) or (last and last.asked_at > now - EVERY):
        return False
    since = last.asked_at if last else now - WITHIN
    fresh = models.Trace.objects.filter(bound=False, created_at__gte=since)
    return bool(fresh.order_by("-created_at").values_list("id")[:1])  # by index, as it has order


def look(
    row: Discovery,
    *,
    clock: work.Clock,
    within: timedelta = WITHIN,
    most: int = MOST_SPANS,
) -> None:
    """Look at a sample and keep what it says; done twice it is only newer."""
    with work.carrying_out(row, clock):
        taken = sample(now=clock(), within=within, most=most)
        row.spans, row.traces, row.parked = len(taken.spans), taken.traces, taken.parked
        if taken.spans:
            row.since = to_datetime(min(span.start for span in taken.spans))
            row.until = to_datetime(max(span.end for span in taken.spans))
        row.findings = msgspec.to_builtins(find(taken.spans, known=_known(taken.spans)))


def _known(spans: Iterable[Span]) -> frozenset[Place]:
    """The places of which flows in force have steps."""
    matcher = Matcher(list(flows.current().flows.values()))
    places = (place(span) for span in spans if matcher.match(span).steps)
    return frozenset(one for one in places if one)


def look_now(*, clock: work.Clock, by: Any = None, **bounds: Any) -> Discovery:
    """Look at once, in this process."""
    row = Discovery.objects.create(asked_at=clock(), alive_at=clock(), by=by)
    look(row, clock=clock, **bounds)
    return row


def latest() -> Discovery | None:
    """Return the newest look that was finished."""
    return work.latest(Discovery, Work.State.DONE)


def findings(row: Discovery) -> Findings:
    """Return what a look found."""
    return msgspec.convert(row.findings, Findings, strict=False)
