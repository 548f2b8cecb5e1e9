"""What a journey says beyond its way, in the API's shape: family, versions, dead letters."""

from collections.abc import Mapping, Sequence
from typing import Any

from slatrack.domain.dead_letters import exception, origin
from slatrack.domain.instants import rfc3339, to_datetime
from slatrack.domain.journeys import Journey
from slatrack.domain.states import Status
from slatrack.tracking import models
from slatrack.tracking.evidence import Evidence, Known

NAMED = 20  # children that are not done yet, and versions, that are named


def bonds(known: Known, evidence: Evidence) -> dict[str, Any]:
    """Return the fields of a journey that tell of other events, versions and dead letters."""
    seen = known.journey
    parent = seen.parent
    return {
        "parent": {"flow": parent[0], "key": parent[1]} if parent else None,
        "children": _children(known),
        "versions": _versions(seen),
        "cancelled_at": _at(seen.cancelled),
        "duplicates": seen.duplicates,
        "dead_letters": _dead_letters(seen, evidence),
    }


def _at(nanoseconds: int | None) -> str | None:
    return None if nanoseconds is None else rfc3339(to_datetime(nanoseconds))


def _children(known: Known) -> dict[str, Any] | None:
    """How its children stand, and the first of those that are not done."""
    seen, counted = known.journey, known.journey.children
    expected = seen.expected_children
    if not counted.known and seen.flow.children is None:
        return None
    wanted = counted.wanted(expected)
    return {
        "expected": expected,
        "known": counted.known,
        "wanted": wanted,
        "done": counted.done,
        "in_flight": counted.in_flight,
        "failed": counted.failed,
        "lost": counted.lost,
        "cancelled": counted.cancelled,
        "last_ended_at": _at(counted.ended),
        "sentence": counted.sentence(expected),
        "open": _open(known) if counted.known > counted.done + counted.cancelled else [],
    }


def _open(known: Known) -> list[dict[str, Any]]:
    over = [Status.DONE.value, Status.CANCELLED.value]
    rows = models.Journey.objects.filter(as_child__parent=known.row.id).exclude(status__in=over)
    fields = ("flow__name", "key", "status", "step", "due_at")
    found = rows.order_by("due_at", "id").values_list(*fields)[:NAMED]
    return [
        {"flow": flow, "key": key, "status": status, "step": step, "due_at": rfc3339(due_at)}
        for flow, key, status, step, due_at in found
    ]


def _versions(seen: Journey) -> list[dict[str, Any]]:
    """The newest versions of an event that was amended, oldest first."""
    if len(seen.versions) < 2 and seen.flow.version_attribute is None:
        return []
    return [
        {"version": one.name, "since": _at(one.since), "newest": one is seen.versions[-1]}
        for one in seen.versions[-NAMED:]
    ]


def _dead_letters(seen: Journey, evidence: Evidence) -> list[dict[str, Any]]:
    if seen.flow.dead_letters.isdisjoint(one.step for one in seen.steps):
        return []
    put = (span for span in evidence.shown if _is_dead_letter(span, seen))
    return [_dead_letter(span, evidence.shown) for span in put][-NAMED:]


def _is_dead_letter(span: Mapping[str, Any], seen: Journey) -> bool:
    """Whether a span put the event aside; it may prove a step of its way as well."""
    sightings = (one.sighting for one in seen.steps if one.step in seen.flow.dead_letters)
    return span["step"] in seen.flow.dead_letters or any(
        one.span_id.hex() == span["span_id"] for one in sightings
    )


def _dead_letter(span: Mapping[str, Any], spans: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "topic": span["topic"],
        "partition": span["partition"],
        "offset": span["offset"],
        "at": span["start"],
        "service": span["service"],
        "exception": exception(span, spans),
        "origin": origin(span["attributes"]),
    }
