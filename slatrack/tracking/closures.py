"""Closures: days that operators close in a calendar, and what that does to open deadlines.

Every process sees a change with its next batch or look (slatrack.tracking.flows). Open deadlines
that rest on the calendar are worked out again by the watcher; a verdict that stands is not touched,
unless new evidence of its event comes, and then the change is a flip on record.
"""

from collections import defaultdict
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from slatrack.domain.calendars import Calendars
from slatrack.domain.states import Verdict
from slatrack.tracking import models
from slatrack.tracking.calendar_models import Closure
from slatrack.tracking.sending_watcher import send_watcher

MOST_REASON = 200  # characters
# What changes whenever a closure is added or withdrawn.
STAMP = "SELECT MAX(id), MAX(withdrawn_at) FROM tracking_closure"


class ClosureRefusedError(ValueError):
    """A closure that cannot be; the message says which field and why."""


def in_force() -> dict[str, dict[date, str]]:
    """Return the closures that hold now: calendar, day, reason."""
    found: dict[str, dict[date, str]] = defaultdict(dict)
    for code, day, reason in _active().values_list("calendar", "day", "reason"):
        found[code][day] = reason
    return dict(found)


def calendars() -> Calendars:
    """Return the shipped calendars with the closures that hold now."""
    closed = in_force()
    return Calendars.shipped().with_closures(closed) if closed else Calendars.shipped()


def check(code: str, day: date, reason: str) -> None:
    """ClosureRefusedError where that day cannot be closed."""
    if not reason.strip() or len(reason) > MOST_REASON:
        raise ClosureRefusedError(f"reason: say why, in at most {MOST_REASON} characters")
    here = calendars()
    first, last = here.horizon(code)
    if not first <= day <= last:
        raise ClosureRefusedError(f"day: {code} is known from {first} to {last}")
    if closed := here.closed_reason(code, day):
        raise ClosureRefusedError(f"day: {day} is closed already: {closed}")


def add(code: str, day: date, reason: str, *, by: Any, now: datetime) -> int:
    """Close a day; return how many open deadlines' events are worked out again.

    Raises ClosureRefusedError, or slatrack.domain.calendars.UnknownCalendarError.
    """
    check(code, day, reason)
    try:
        with transaction.atomic():
            Closure.objects.create(
                calendar=code, day=day, reason=reason.strip(), added_at=now, added_by=by
            )
    except IntegrityError as exc:  # somebody else was quicker
        raise ClosureRefusedError(f"day: {day} is closed already") from exc
    return recompute(code, now=now)


def withdraw(row_id: int, why: str, *, by: Any, now: datetime) -> int:
    """Open a day again that an operator had closed; as `add`. Twice is once."""
    if not why.strip() or len(why) > MOST_REASON:
        raise ClosureRefusedError(f"reason: say why, in at most {MOST_REASON} characters")
    row = Closure.objects.filter(pk=row_id).first()
    if row is None:
        raise ClosureRefusedError("there is no such closure")
    fields = {"withdrawn_at": now, "withdrawn_by": by, "withdrawn_why": why.strip()}
    if not Closure.objects.filter(pk=row_id, withdrawn_at=None).update(**fields):
        return 0
    return recompute(row.calendar, now=now)


def affected(code: str) -> "QuerySet[models.Journey]":
    """Return the events with an open deadline in flows of which a rule rests on the calendar."""
    still = models.Deadline.objects.filter(journey=OuterRef("pk"), verdict=Verdict.WAITING.value)
    return models.Journey.objects.filter(Exists(still), flow__in=_flows(code))


def recompute(code: str, *, now: datetime) -> int:
    """Send the watcher to the affected events; return how many there are."""
    return send_watcher(affected(code), now=now)


def rules_with(code: str) -> list[models.RuleVersion]:
    """Return the rules in force that rest on a calendar."""
    rows = models.RuleVersion.objects.select_related("flow").filter(retired_at=None)
    newest = {(row.flow_id, row.name): row for row in rows.order_by("version")}
    return [row for row in newest.values() if code in codes_in(row.document)]


def codes_in_force() -> frozenset[str]:
    """Return the calendars that rules in force rest on."""
    documents = models.RuleVersion.objects.filter(retired_at=None).values_list("document")
    return frozenset().union(*(codes_in(document) for (document,) in documents))


def codes_in(value: object) -> frozenset[str]:
    """Return the calendars that a rule's document names, however deep."""
    if isinstance(value, str):
        return frozenset({value} & Calendars.shipped().codes)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return frozenset().union(*map(codes_in, value))
    return frozenset()


def _flows(code: str) -> set[int]:
    """The flows whose events, begun under whatever version, may rest on a calendar."""
    rows = models.RuleVersion.objects.values_list("flow_id", "document")
    return {flow for flow, document in rows if code in codes_in(document)}


def _active() -> "QuerySet[Closure]":
    return Closure.objects.filter(withdrawn_at=None)
