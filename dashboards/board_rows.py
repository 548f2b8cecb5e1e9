"""Rows of the board as HTML: rendered once for the page and for every socket."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.template.loader import render_to_string
from django.utils import timezone

from dashboards.standing import standing
from dashboards.usual import Usual, stuck_after
from slatrack.domain.states import Verdict
from slatrack.tracking import children
from slatrack.tracking.decisions import Decided
from slatrack.tracking.models import Journey

KEPT = 5_000  # rendered rows kept per process


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the journey, and what its cells say of it."""

    journey: Journey
    state: str
    deadline: Decided | None
    usual: timedelta | None
    stuck: bool
    ended: bool
    spare: timedelta | None  # from the end to the due time; negative: late; None: not reached

    @property
    def started_at(self) -> datetime:
        """When the clock of its deadline started."""
        if self.deadline is not None and self.deadline.started_at is not None:
            return self.deadline.started_at
        return self.journey.started_at

    @property
    def parts(self) -> str:
        """How the events that it split into stand; empty where there are none."""
        counted = children.read(self.journey.children)
        return counted.sentence(counted.expected) if self.journey.children else ""

    @property
    def past(self) -> str:
        """What it is called after its due time, as in the sentence of its verdict.

        Late is seen to be so, missed was not seen in time, overdue may yet turn out either way.
        """
        if self.journey.verdict != Verdict.MISSED:
            return "overdue"
        return "late" if self.deadline is not None and self.deadline.reached_at else "missed"

    @property
    def late(self) -> bool:
        """Whether it ended after it was due."""
        return self.spare is not None and self.spare < timedelta()


def row(journey: Journey, usual: Usual, *, now: datetime) -> Row:
    """Return what the board says of a journey whose risks and `shown` deadline were read."""
    deadline = journey.shown
    length = usual.get((journey.flow_id, journey.step, journey.working))
    ended = journey.ended_at is not None
    there = now - journey.step_at
    return Row(
        journey=journey,
        state=standing(
            journey,
            now=now,
            unreached=_unreached(deadline),
            at_risk=bool(getattr(journey, "risks", ())),
        ),
        deadline=deadline,
        usual=None if ended else length,
        stuck=not ended and length is not None and there > stuck_after(length),
        ended=ended,
        spare=_spare(journey, deadline),
    )


def _spare(journey: Journey, deadline: Decided | None) -> timedelta | None:
    if journey.ended_at is None or journey.due_at is None or _unreached(deadline):
        return None
    reached = deadline.reached_at if deadline is not None else None
    return journey.due_at - (reached or journey.ended_at)


def _unreached(deadline: Decided | None) -> bool:
    return deadline is not None and deadline.reached_at is None


class Rendered:
    """Rows rendered lately, so that a row that did not change costs nothing."""

    def __init__(self) -> None:
        self._rows: OrderedDict[tuple[object, ...], str] = OrderedDict()

    def html(self, one: Row) -> str:
        """Return the row as HTML; the same for everybody in a time zone."""
        key = _all_it_shows(one)
        found = self._rows.get(key)
        if found is None:
            found = render_to_string("dashboards/_board_row.html", {"row": one})
            self._rows[key] = found
            if len(self._rows) > KEPT:
                self._rows.popitem(last=False)
        return found


def _all_it_shows(one: Row) -> tuple[object, ...]:
    journey, deadline = one.journey, one.deadline
    return (
        journey.pk, journey.key, journey.flow.name, journey.flow.title, one.state, one.stuck,
        one.usual, one.ended, one.spare, one.started_at, journey.step, journey.step_at,
        journey.working, journey.error, journey.due_at, journey.warn_at, journey.ended_at,
        journey.deadline, deadline and deadline.version, timezone.get_current_timezone_name(),
    )  # fmt: skip


rendered = Rendered()
