"""Rows for tests: each function makes one that is valid, told only what the test is about."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from slatrack.domain.parts import journey_id
from slatrack.tracking.models import Deadline, Flip, Flow, Journey, UnroutedFlip

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_number = itertools.count(1)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def flow(name: str = "trade-reporting", **fields: Any) -> Flow:
    """Return the flow of that name, made at the first call."""
    title = fields.pop("title", name.replace("-", " ").capitalize())
    values = {"title": title, "document": "", "changed_at": NOON, **fields}
    return Flow.objects.get_or_create(name=name, defaults=values)[0]


def new_journey(**fields: Any) -> Journey:
    """Return a journey in flight that started at noon and waits after the first step, unsaved."""
    number = next(_number)
    values = {
        "flow": fields.get("flow") or flow(),
        "key": f"TRD-{number}",
        "status": "in_flight",
        "verdict": "waiting",
        "complete": False,
        "started_at": NOON,
        "step": "accepted",
        "step_at": NOON,
        "working": False,
        "error": False,
        "due_at": NOON + minutes(15),
        "warn_at": NOON + minutes(7.5),
        "deadline": "report within 15 minutes",
        "next_at": NOON + minutes(7.5),
        "told": "",
        "flip_count": 0,
        "spans": 2,
        "parts": b"",
        "changed_at": NOON,
    }
    made = {**values, **fields}
    return Journey(**{"id": journey_id(made["flow"].name, made["key"]), **made})


def journey(**fields: Any) -> Journey:
    row = new_journey(**fields)
    row.save(force_insert=True)
    return row


def new_deadline(of: Journey, **fields: Any) -> Deadline:
    """Return a deadline of a journey, as its row says, unsaved."""
    values = {
        "name": of.deadline,
        "version": 1,
        "severity": "critical",
        "started_at": of.started_at,
        "due_at": of.due_at,
        "strict": False,
        "grace_seconds": 0.0,
        "warnings": [],
        "warned": 0,
        "verdict": of.verdict,
        "flip_count": 0,
    }
    return Deadline(journey=of, **{**values, **fields})


def deadline(of: Journey, **fields: Any) -> Deadline:
    row = new_deadline(of, **fields)
    row.save()
    return row


def new_flip(of: Journey, about: str, before: str, after: str, **fields: Any) -> UnroutedFlip:
    """Return a flip of a journey's deadline (or, about="status", of itself), unsaved."""
    status = about == "status"
    values = {
        "deadline": "" if status else of.deadline,
        "version": 0 if status else 1,
        "number": next(_number),
        "severity": "" if status else "critical",
        "step": of.step,
        "at": of.due_at or NOON,
        "due_at": None if status else of.due_at,
        "recorded_at": of.due_at or NOON,
    }
    changes = {"about": about, "before": before, "after": after}
    return UnroutedFlip(journey=of, flow_id=of.flow_id, **{**values, **changes, **fields})


def flip(of: Journey, about: str, before: str, after: str, **fields: Any) -> UnroutedFlip:
    """Return a flip that waits for alerting, as whoever records it leaves it."""
    row = new_flip(of, about, before, after, **fields)
    row.save()
    return row


def taken_up(of: Journey, about: str, before: str, after: str, **fields: Any) -> Flip:
    """Return a flip that alerting has taken up."""
    row = new_flip(of, about, before, after, **fields).as_flip()
    row.save()
    return row
