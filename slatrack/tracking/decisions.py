"""What was decided about a journey: the values that its rows hold. No database here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from slatrack.domain.states import Status, Verdict

LAGGING = timedelta(seconds=10)  # behind the clock: of telemetry that is, nobody is told in time

_new = tuple.__new__  # quicker than by the names of the fields


class Decided(NamedTuple):
    """A deadline of a journey as it stands: its row, or what its journey tells of it."""

    name: str
    version: int
    severity: str
    started_at: datetime | None
    due_at: datetime | None
    strict: bool
    grace: timedelta
    warnings: tuple[datetime, ...]
    warned: int = 0
    verdict: Verdict = Verdict.WAITING
    reached_at: datetime | None = None
    reason: str = ""
    watermark: datetime | None = None
    flip_count: int = 0
    almanac: int | None = None  # by which calendars and time zones the due time was worked out
    next_at: datetime | None = None
    decided_at: datetime | None = None  # when its only flip was recorded, which is no row then
    decided_step: str = ""  # and where the event stood

    def judged(
        self, verdict: Verdict, warned: int, reached_at: datetime | None, reason: str,
        next_at: datetime | None,
    ) -> "Decided":  # fmt: skip
        """Return the deadline with this judgement. Quicker than `_replace`, as the next ones."""
        said = (warned, verdict, reached_at, reason)
        return _new(Decided, (*self[:8], *said, *self[12:15], next_at, *self[16:]))

    def told(self, reason: str, watermark: datetime | None, flip_count: int) -> "Decided":
        """Return the deadline with what was told of it."""
        return _new(Decided, (*self[:11], reason, watermark, flip_count, *self[14:]))

    def telling(self, at: datetime, step: str) -> "Decided":
        """Return the deadline as one that tells its only flip."""
        return _new(Decided, (*self[:16], at, step))

    @property
    def is_kept(self) -> bool:
        """Whether its journey tells all of it, its one flip too: it was met in time all along."""
        return (
            self.decided_at is not None and self.due_at is not None
            and self.reached_at is not None and self.verdict is Verdict.MET
            and self.flip_count == 1 and not self.warned
        )  # fmt: skip


class Flipped(NamedTuple):
    """A change to record; `number` counts the changes of one deadline, or of the status."""

    journey_id: UUID
    deadline: str
    version: int
    number: int
    about: str
    before: str
    after: str
    severity: str
    step: str
    at: datetime
    due_at: datetime | None
    watermark: datetime | None
    reason: str
    almanac: int | None = None

    def of(self, journey_id: UUID, step: str) -> "Flipped":
        """Return this change as one of a journey that stood at `step`."""
        return _new(Flipped, (journey_id, *self[1:8], step, *self[9:]))


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of a journey's status before: failed, lost, cancelled or nothing."""

    status: str = ""
    flip_count: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """A journey with everything decided about it."""

    status: Status
    deadlines: tuple[Decided, ...]
    told: Told
    next_at: datetime | None
    silent_at: datetime | None  # when silence could change the status
    flips: tuple[Flipped, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """When a judgement is made, and how far the telemetry has been read by then.

    `ahead` names flows for which it has been read further: those that what lags never feeds.
    """

    now: datetime
    watermark: datetime
    silent: bool
    ahead: Mapping[str, datetime] = field(default_factory=dict)

    def of(self, flow: str) -> "Moment":
        """Return how this moment is for one flow."""
        further = self.ahead.get(flow)
        return self if further is None else replace(self, watermark=further, ahead={})

    @property
    def is_lagging(self) -> bool:
        """Whether no flow's telemetry is near the clock: to read it comes first."""
        return not self.ahead and self.now - self.watermark > LAGGING

    @property
    def read_to(self) -> datetime:
        """Up to when silence means something."""
        return min(self.now, self.watermark)


NOBODY = UUID(int=0)  # of a flip whose journey is filled in later
