"""Remembering: how long finished events took, read from their rows in batches, a few of many.

Of each flow so many of the events that ended since the last look are remembered, each standing for
as many as there were to one; with them some that are still on their way, for an event that has not
arrived yet says something too. What is kept is bounded: so many events an hour of the day.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q

from slatrack.domain.flows import Flow
from slatrack.domain.forecasts.history import Past
from slatrack.domain.instants import to_datetime
from slatrack.domain.journeys import Journey as Folded
from slatrack.domain.journeys import fold
from slatrack.domain.matches import as_text
from slatrack.domain.states import Status
from slatrack.gently import rests
from slatrack.tracking import children, histories, models
from slatrack.tracking.flows import Flows
from slatrack.tracking.forecast_models import FlowHistory, HourHistory
from slatrack.tracking.packing import unpack_parts
from slatrack.tracking.store import chunks

logger = logging.getLogger(__name__)

EVERY = timedelta(seconds=15)
SETTLED = timedelta(seconds=5)  # after its end, so that its last spans are there
MOST = 20_000  # ended events that a look counts
SAMPLE = 40  # of each flow and look, but for its first one
ON_WAY = 100  # of each flow
ON_WAY_RESTS = 50  # times as long as it took to find these, until they are looked for again
KEPT = 1_000  # of each flow and hour of the day
BACK = timedelta(days=1)  # how far the first look reaches
MOST_KNOWN = 0.75
LONGEST_DELAY = 60.0  # seconds: beyond that a row was changed by something else
BILLION = 1e9


class _OnWay:
    """Since and until when samples of what is on its way are good enough: the more, the longer."""

    since = until = datetime.min.replace(tzinfo=UTC)

    @classmethod
    def is_due(cls, now: datetime) -> bool:
        return not cls.since <= now < cls.until  # a clock that was set back is no reason to wait

    @classmethod
    def took(cls, seconds: float, now: datetime) -> None:
        cls.since, cls.until = now, now + timedelta(seconds=ON_WAY_RESTS * seconds)


def forget() -> None:
    """Sample what is on its way at the next look."""
    _OnWay.until = _OnWay.since


def learn(flows: Flows, *, now: datetime, read_to: datetime) -> int:
    """Remember what ended since the last look, if it was long enough ago; return how many."""
    newest = FlowHistory.objects.aggregate(at=Max("changed_at"))["at"]
    if newest is not None and newest > now - EVERY:
        return 0
    known = dict(FlowHistory.objects.values_list("flow_id", "learnt_to"))
    end = read_to - SETTLED
    begin = min([known.get(one, end - BACK) for one in flows.ids.values()], default=end)
    ended = _ended(begin, end)
    due, took, count = _OnWay.is_due(now), 0.0, 0
    for name, flow_id in flows.ids.items():
        since = known.get(flow_id, end - BACK)
        mine = [row_id for row_id, of, at in ended if of == flow_id and at > since]
        flow, untils = flows.flows[name], _untils(flows, name)
        most = SAMPLE if flow_id in known else KEPT
        past = _sampled(flow, untils, mine, most, read_to)
        on_way = None
        if due or flow_id not in known:
            asked = time.monotonic()
            on_way = _sampled(flow, untils, _on_way(flow_id, read_to), ON_WAY, read_to)
            took += time.monotonic() - asked
        delay = _delay(mine)
        _save(flow_id, past, on_way, delay, learnt_to=max(end, since), now=now)
        count += len(past)
    if due:
        _OnWay.took(took, now)
    return count


def _ended(begin: datetime, end: datetime) -> list[tuple[UUID, int, datetime]]:
    """Return what ended in (begin, end], newest first; the filter is what SQLite knows it by."""
    rows = models.Journey.objects.filter(~Q(ended_at=None), ended_at__gt=begin, ended_at__lte=end)
    found = rows.order_by("-ended_at").values_list("id", "flow_id", "ended_at")[:MOST]
    return [(row_id, flow, at) for row_id, flow, at in found if at is not None]


def _on_way(flow_id: int, read_to: datetime) -> list[UUID]:
    rows = models.Journey.objects.filter(
        rests(), flow=flow_id, ended_at=None, started_at__gt=read_to - BACK
    )
    return list(rows.order_by("id").values_list("id", flat=True)[:MOST])


def _delay(ids: Sequence[UUID]) -> float | None:
    """Return within how many seconds of its end most of an event was known; None: no telling."""
    newest = models.Journey.objects.filter(id__in=ids[:SAMPLE], ended_at__isnull=False)
    delays = sorted(
        (known - ended).total_seconds()
        for known, ended in newest.values_list("changed_at", "ended_at")
        if ended is not None
    )
    if not delays:
        return None
    return min(LONGEST_DELAY, max(0.0, delays[int(len(delays) * MOST_KNOWN)]))


@transaction.atomic
def _save(
    flow_id: int, past: Sequence[Past], on_way: Sequence[Past] | None, delay: float | None, *,
    learnt_to: datetime, now: datetime,
) -> None:  # fmt: skip
    state: dict[str, Any] = {"learnt_to": learnt_to, "changed_at": now}
    if on_way is not None:
        state["on_way"] = histories.pack(on_way)
    if delay is not None:
        state["delay_seconds"] = delay
    FlowHistory.objects.update_or_create(
        flow_id=flow_id, defaults=state, create_defaults={"delay_seconds": 0.0, **state}
    )
    _append(flow_id, past)


def _untils(flows: Flows, name: str) -> frozenset[str]:
    rules = flows.rules.get(name, {}).values()
    return frozenset(version.spec.until for versions in rules for version in versions)


def _append(flow_id: int, past: Iterable[Past]) -> None:
    by_hour: dict[int, list[Past]] = defaultdict(list)
    for one in past:
        by_hour[one.hour].append(one)
    rows = HourHistory.objects.filter(flow=flow_id, hour__in=by_hour)
    known = {row.hour: histories.unpack(row.events) for row in rows}
    for hour, more in by_hour.items():
        kept = histories.pack([*known.get(hour, ()), *more][-KEPT:])
        HourHistory.objects.update_or_create(flow_id=flow_id, hour=hour, defaults={"events": kept})


def _sampled(
    flow: Flow, untils: Iterable[str], ids: Sequence[UUID], most: int, read_to: datetime
) -> list[Past]:
    """Return some of these journeys as they are remembered, by the time they took."""
    chosen = ids[:: -(-len(ids) // most)] if ids else []
    weight = len(ids) / len(chosen) if chosen else 1.0
    columns = ("key", "parts", "children", "status")
    found: list[Past] = []
    for some in chunks(chosen):
        rows = models.Journey.objects.filter(id__in=some)
        for key, parts, counted, status in rows.values_list(*columns):
            try:
                folded = fold(flow, key, unpack_parts(parts), children.read(counted))
            except Exception:  # one bad journey stops no other
                logger.exception("journey %s of %s cannot be remembered", key, flow.name)
                continue
            if folded is not None:
                found.append(remembered(folded, untils, status, weight, read_to))
    return sorted(found, key=lambda past: past.started + past.watched)


def remembered(
    journey: Folded, untils: Iterable[str], status: str, weight: float, read_to: datetime
) -> Past:
    """Return what is remembered of a journey; a cancelled one was watched until it was."""
    start = journey.started
    passed = sorted(
        (s for s in journey.steps if s.step not in journey.flow.beside), key=lambda s: s.start
    )
    reached = {until: journey.proof(until)[0] for until in untils}
    ended = journey.ended is not None and status != Status.CANCELLED
    end = journey.ended if journey.ended is not None else read_to.timestamp() * BILLION
    started = to_datetime(start)
    return Past(
        started=started.timestamp(),
        cohort=cohort_of(journey.flow, journey.attributes),
        hour=started.astimezone(UTC).hour,
        steps=tuple((s.step, max(0.0, (s.end - start) / BILLION)) for s in passed),
        reached=tuple((u, (at - start) / BILLION) for u, at in reached.items() if at is not None),
        watched=max(0.0, (end - start) / BILLION),
        ended=ended,
        weight=weight,
    )


def cohort_of(flow: Flow, attributes: Mapping[str, object]) -> str:
    """Return the cohort of an event with these attributes; empty where its flow has none."""
    return as_text(attributes.get(flow.cohort, ""))[:100] if flow.cohort else ""
