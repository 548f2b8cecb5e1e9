"""Shadows: deadlines that judge live journeys beside the rule in force, and tell nobody.

Off the way in: beat looks at the events that started since the last look, and again at those whose
silence may mean something by now or of which more has come. Nothing of it touches a deadline, a
flip or the journey. Each chunk is a transaction under the shadow's lock: repeated, it goes on.
"""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q

from slatrack.domain.hindsight import Evidence, Hindsight, Outcome
from slatrack.domain.tallies import NEVER
from slatrack.tracking import flows, models, sources, stored_journeys
from slatrack.tracking.history import History, Trial
from slatrack.tracking.shadow_models import Shadow, ShadowVerdict
from slatrack.tracking.stored_journeys import StoredJourney, Stretch

if TYPE_CHECKING:
    from django.db.models import QuerySet

BEHIND = timedelta(seconds=30)  # later than that few events turn out to have started earlier
LOOK = 4.0  # seconds of work at a time
AGAIN = 500  # verdicts looked at again in one transaction
AGREED = frozenset(
    {(Outcome.MET, Outcome.MET.value), (Outcome.NOT_APPLICABLE, Outcome.NOT_APPLICABLE.value),
     (Outcome.NOT_APPLICABLE, NEVER)}
)  # fmt: skip
OPEN = (Outcome.WAITING, Outcome.UNKNOWN)


class ShadowRefusedError(ValueError):
    """A shadow that cannot be; says why."""


class Silent(NamedTuple):
    """A deadline that is to judge silently."""

    flow: models.Flow
    document: dict[str, Any]
    beside: str  # the deadline that it may become a version of


def begin(silent: Silent, *, by: Any, why: str, now: datetime) -> Shadow:
    """Have a deadline judge silently the events that start from now on."""
    flow, document, beside = silent
    try:
        with transaction.atomic():
            row = Shadow.objects.create(
                flow=flow, name=beside, document=document, since=now, judged_to=now, by=by,
                why=why[:500],
            )  # fmt: skip
            _tell_all(flow, now)
    except IntegrityError as exc:
        raise ShadowRefusedError(
            f"{beside} has a shadow already: promote or discard that one first"
        ) from exc
    return row


def end(row: Shadow, state: str, *, by: Any, why: str, now: datetime) -> bool:
    """Let a shadow judge no more events; what it said stays. Whether it was running."""
    running = Shadow.objects.filter(pk=row.pk, state=Shadow.State.RUNNING)
    fields = {"state": state, "ended_at": now, "ended_by": by, "ended_why": why[:500]}
    ended = bool(running.update(**fields))
    if ended:
        _tell_all(row.flow, now)
    return ended


def _tell_all(flow: models.Flow, now: datetime) -> None:
    """All processes see it with their next batch: attributes that it reads are kept."""
    models.Flow.objects.filter(pk=flow.pk).update(changed_at=now)


def counts(row: Shadow) -> dict[tuple[str, str], int]:
    """Return how many events came out how: (in force, by the shadow)."""
    rows = row.verdicts.values_list("in_force", "outcome").annotate(Count("id")).order_by()
    return {(was, now): count for was, now, count in rows}


def look_at_all(*, now: datetime) -> None:
    """Judge what is new, and what may have changed, for some seconds each."""
    for row in Shadow.objects.filter(state=Shadow.State.RUNNING).order_by("id"):
        begun = time.monotonic()
        while _look(row.pk, now) and time.monotonic() - begun < LOOK:
            pass


@transaction.atomic
def _look(row_id: int, now: datetime) -> bool:
    """Judge one chunk; whether there may be more to do now."""
    rows = Shadow.objects.select_for_update(of=("self",)).select_related("flow")
    row = rows.filter(pk=row_id, state=Shadow.State.RUNNING).first()
    if row is None or row.flow.name not in flows.current().flows:
        return False
    watermark = sources.watermarks(now).of(row.flow.name) or now
    trial = Trial(row.flow.name, row.document, row.name)
    history = History.of(trial, now=now, watermark=watermark)
    new = _new(row, history, min(now, watermark) - BEHIND)
    again = _again(row, history)
    return new == stored_journeys.PAGE or again == AGAIN


def _new(row: Shadow, history: History, until: datetime) -> int:
    stretch = Stretch(row.flow_id, row.judged_to, until)
    if row.last_id is not None:
        stretch = stretch._replace(last=row.last_id)
    page = next(stored_journeys.pages(stretch), [])
    if page:
        _save(row, history, page)
        row.judged_to, row.last_id = page[-1].started_at, page[-1].id
        row.save(update_fields=["judged_to", "last_id"])
    return len(page)


def _again(row: Shadow, history: History) -> int:
    read_to = min(history.evidence.now, history.evidence.watermark)
    changed = Q(next_at__lte=read_to, judged_at__lt=history.evidence.now)
    changed |= Q(journey__changed_at__gt=F("judged_at"))
    verdicts = row.verdicts.filter(changed).order_by("judged_at")[:AGAIN]
    ids = list(verdicts.values_list("journey_id", flat=True))
    if ids:
        row.verdicts.filter(journey__in=ids).delete()
        _save(row, history, stored_journeys.some(ids))
    return len(ids)


def _save(row: Shadow, history: History, several: Iterable[StoredJourney]) -> None:
    agreed, rows = 0, []
    for one in several:
        judged = history.judge(one)
        if judged is None:
            continue
        tried, force = judged
        was = NEVER if force is None else force.outcome.value
        if (tried.outcome, was) in AGREED:
            agreed += 1
        else:
            rows.append(_verdict(row, one.id, tried, force, history.evidence))
    ShadowVerdict.objects.bulk_create(rows)
    Shadow.objects.filter(pk=row.pk).update(agreed=F("agreed") + agreed)


def _verdict(
    row: Shadow, journey: UUID, tried: Hindsight, force: Hindsight | None, evidence: Evidence
) -> ShadowVerdict:
    both = [one for one in (tried, force) if one is not None and one.outcome in OPEN]
    return ShadowVerdict(
        shadow=row,
        journey_id=journey,
        outcome=tried.outcome.value,
        in_force=NEVER if force is None else force.outcome.value,
        due_at=tried.due_at,
        reached_at=tried.reached_at,
        reason=tried.reason[:500],
        judged_at=evidence.now,
        next_at=min((one.due_at for one in both if one.due_at is not None), default=None),
    )


def differing(row: Shadow) -> "QuerySet[ShadowVerdict]":
    """Return the verdicts that differ from the rule in force, the newest events first."""
    rows = row.verdicts.exclude(in_force=F("outcome")).select_related("journey")
    return rows.order_by("-journey__started_at", "-id")
