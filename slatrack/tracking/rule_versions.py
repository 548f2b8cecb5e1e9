"""Versions of a rule: since when each judges, until when, and the open events that it takes over.

Which version judges an event is told by the event's start. A version that was saved after an event
began leaves that event with the version that it has been judged by, unless its author asks for the
open ones to be judged anew; a verdict that was reached stays with its version in any case.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef

from slatrack.tracking import models
from slatrack.tracking.flows import OPEN
from slatrack.tracking.sending_watcher import send_watcher

if TYPE_CHECKING:
    from django.db.models import QuerySet


class State(StrEnum):
    """How a version stands at some instant."""

    IN_FORCE = "in force"
    SCHEDULED = "scheduled"
    ENDED = "ended"
    RETIRED = "retired"
    REPLACED = "replaced before it came into force"


class Held(NamedTuple):
    """A version, and the starts of events that it judges: from `begins`, before `ends`."""

    rule: models.RuleVersion
    begins: datetime | None  # None: all earlier ones too
    ends: datetime | None
    state: State


def held(rows: Sequence[models.RuleVersion], *, now: datetime) -> list[Held]:
    """Return the versions of one deadline, newest first, each with the time that it holds for."""
    found: list[Held] = []
    later: datetime | None = None  # when the first of the newer ones begins
    for row in sorted(rows, key=lambda one: one.version, reverse=True):
        ends = min((at for at in (later, row.retired_at) if at is not None), default=None)
        found.append(Held(row, row.effective_from, ends, _state(row, ends, now)))
        if row.effective_from is not None:
            later = min(later or row.effective_from, row.effective_from)
    return found


def standing(
    rows: Iterable[models.RuleVersion], *, now: datetime, ended: bool = False
) -> list[Held]:
    """Return of each deadline the version in force and then those to come, by name.

    With `ended` the last version too of a deadline that has neither any more.
    """
    versions: dict[tuple[int, str], list[models.RuleVersion]] = defaultdict(list)
    for row in rows:
        versions[row.flow_id, row.name].append(row)
    found: list[Held] = []
    for several in versions.values():
        known = held(several, now=now)
        alive = [one for one in reversed(known) if one.state in (State.IN_FORCE, State.SCHEDULED)]
        found += alive or (known[:1] if ended else [])
    return sorted(found, key=lambda one: (one.rule.name, one.state is not State.IN_FORCE))


def _state(row: models.RuleVersion, ends: datetime | None, now: datetime) -> State:
    if row.effective_from is not None and ends is not None and ends <= row.effective_from:
        return State.REPLACED
    if ends is not None and ends <= now:
        return State.RETIRED if ends == row.retired_at else State.ENDED
    scheduled = row.effective_from is not None and row.effective_from > now
    return State.SCHEDULED if scheduled else State.IN_FORCE


def open_before(rule: models.RuleVersion) -> "QuerySet[models.Journey]":
    """Return the open events of a version's time that an earlier version has been judging.

    They began before it was saved: whatever begins later it judges anyway.
    """
    if rule.effective_from is None or rule.effective_from >= rule.at:
        return models.Journey.objects.none()
    earlier = models.Deadline.objects.filter(
        journey=OuterRef("pk"), name=rule.name, version__lt=rule.version, verdict__in=OPEN
    )
    begun = {"started_at__gte": rule.effective_from, "started_at__lt": rule.at}
    rows = models.Journey.objects.filter(Exists(earlier), flow=rule.flow_id, **begun)
    ends = held(list(rule.flow.rules.filter(name=rule.name)), now=rule.at)
    mine = next(one for one in ends if one.rule.pk == rule.pk)
    return rows if mine.ends is None else rows.filter(started_at__lt=mine.ends)


def recompute(rule: models.RuleVersion, *, by: Any, now: datetime) -> int:
    """Have the open events of its time judged by a version; return how many. Twice is once.

    The watcher does it. A verdict that was reached stays, and so do flips.
    """
    with transaction.atomic():
        rows = models.RuleVersion.objects.filter(pk=rule.pk)
        rows.update(recomputed_at=now, recomputed_by=by)
        models.Flow.objects.filter(pk=rule.flow_id).update(changed_at=now)  # all processes see it
    return send_watcher(open_before(rule), now=now)
