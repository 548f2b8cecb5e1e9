"""Which journeys a list shows: filters by status, verdict, step, time, key and attributes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import CharField, F, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from slatrack.domain.instants import rfc3339
from slatrack.domain.states import Status
from slatrack.tracking import children, deadline_rows
from slatrack.tracking.decisions import Decided
from slatrack.tracking.models import Flow, Journey
from slatrack.tracking.reading_deadlines import sentence_of


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to; what is empty does not narrow."""

    status: str = ""
    verdict: str = ""
    step: str = ""
    since: datetime | None = None
    until: datetime | None = None
    q: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


def journeys(flow: Flow, chosen: Filter) -> QuerySet[Journey]:
    """Return the journeys of `flow` that `chosen` lets through."""
    rows = Journey.objects.filter(flow=flow)
    for name in ("status", "verdict", "step"):
        if value := getattr(chosen, name):
            rows = rows.filter(**{name: value})
    if chosen.since:
        rows = rows.filter(started_at__gte=chosen.since)
    if chosen.until:
        rows = rows.filter(started_at__lt=chosen.until)
    if chosen.q:
        rows = rows.filter(key__icontains=chosen.q)
    for number, (name, value) in enumerate(chosen.attributes.items()):
        text = Cast(KeyTextTransform(name, "attributes"), CharField())
        rows = rows.annotate(**{f"wanted_{number}": text}).filter(**{f"wanted_{number}": value})
    return rows


def entries(rows: QuerySet[Journey]) -> QuerySet[Journey]:
    """Return `rows` with all that `listed` needs, without what is packed."""
    return rows.select_related("flow").defer("parts", "kept")


def listed(rows: Sequence[Journey], *, now: datetime) -> list[dict[str, Any]]:
    """Return journeys as a list shows them: as a journey's own page, without steps and legs."""
    deadlines = deadline_rows.read([row.pk for row in rows])
    return [_entry(row, deadlines.get(row.pk, ()), now) for row in rows]


def _entry(journey: Journey, deadlines: Iterable[Decided], now: datetime) -> dict[str, Any]:
    return {
        "flow": journey.flow.name,
        "key": journey.key,
        "status": journey.status,
        "verdict": journey.verdict or None,
        "complete": journey.complete,
        "started_at": rfc3339(journey.started_at),
        "ended_at": rfc3339(journey.ended_at),
        "step": journey.step,
        "step_at": rfc3339(journey.step_at),
        "working": journey.working,
        "error": journey.error,
        "deadlines": [
            {
                "deadline": one.name,
                "version": one.version,
                "due_at": rfc3339(one.due_at),
                "warn_at": rfc3339(one.warnings[0]) if one.warnings else None,
                "verdict": one.verdict.value,
                "reached_at": rfc3339(one.reached_at),
                "reason": one.reason,
                "severity": one.severity,
                "sentence": sentence_of(one, now=now),
            }
            for one in deadlines
        ],
        "spans": journey.spans,
        "attributes": journey.attributes,
        "children": _children(journey),
    }


def _children(journey: Journey) -> dict[str, Any] | None:
    """How the events that it split into stand; None where there are none."""
    if not journey.children:
        return None
    counted = children.read(journey.children)
    statuses = {one.value: getattr(counted, one.value) for one in Status}
    said = counted.sentence(counted.expected)
    return {"expected": counted.expected, "known": counted.known, **statuses, "sentence": said}


def time_used(rows: QuerySet[Journey]) -> QuerySet[Journey]:
    """Return the ended `rows` with `took`, the time from start to end."""
    return rows.exclude(ended_at=None).annotate(took=F("ended_at") - F("started_at"))
