"""Gaps: which required steps of a journey were not seen, and why, as the evidence has it.

The absence of a span proves nothing by itself: it may not be due yet, be on its way, have been left
out by sampling, or belong to a service that sends none. Each gap says which, and what tells so.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from slatrack.domain.deadlines import PATIENCE
from slatrack.domain.flows import Flow
from slatrack.domain.instants import to_datetime
from slatrack.domain.journeys import Journey
from slatrack.domain.sentences import span
from slatrack.domain.states import Status

SETTLING = timedelta(seconds=30)  # SDKs send every 5 s, tail samplers wait as long as this
ENOUGH = 5  # other events, to conclude anything from
NEARLY_ALL = 0.95


class Reason(StrEnum):
    """Why a required step was not seen."""

    NOT_YET = "not yet"
    LATE = "telemetry late"
    SAMPLED = "sampled out"
    SILENT = "service silent"
    DROPPED = "link dropped"
    MISSING = "missing"


class Dropped(NamedTuple):
    """A span that showed other events in a step, and whose links to some were left out."""

    service: str
    name: str
    at: datetime
    links: int


class Signs(NamedTuple):
    """What is known around a step that was not seen.

    `service` should show it, where that is known; `heard_at` is its newest span (None: never one).
    Of `others`, events of the same time, `shown` show the step. `unsampled`: the spans before it
    say that they are not sampled. `orphan`: a span after it names a parent that never came.
    `dropped`: a span of the step that may have been this event's too. `cached`: the event lies in
    a Kafka Streams application, which sends the results of aggregates under no event's span.
    """

    service: str | None = None
    heard_at: datetime | None = None
    others: int = 0
    shown: int = 0
    unsampled: bool = False
    orphan: bool = False
    dropped: Dropped | None = None
    cached: bool = False

    @property
    def mute(self) -> bool:
        """Whether nothing ever came from the service that should show it."""
        return self.service is not None and self.heard_at is None and not self.shown


class Ask(Protocol):
    """What is known around a step; `over` when it should have been seen by now."""

    def __call__(self, step: str, *, over: bool) -> Signs: ...


@dataclass(frozen=True, slots=True)
class Gap:
    """A required step that was not seen, why, and the sentence that says so to people.

    `remedy` is what to set so that it would be seen, where anything would help.
    """

    step: str
    reason: Reason
    sentence: str
    service: str | None = None
    remedy: str = ""


LINK_LIMIT = (
    "Let the SDK keep more links, e.g. OTEL_SPAN_LINK_COUNT_LIMIT=1000; or let its spans carry the "
    "event keys or the messages' offsets."
)
CACHE = (
    "Set statestore.cache.max.bytes=0 in the Streams application, so that each result is sent in "
    "its record's span; or capture a message header with the event key "
    "(otel.instrumentation.messaging.experimental.capture-headers) and name it in event_key."
)


class Read(NamedTuple):
    """Now, and how far the telemetry has been read."""

    now: datetime
    watermark: datetime

    @property
    def behind(self) -> timedelta:
        """How far reading is behind the clock."""
        return max(timedelta(), self.now - self.watermark)


def gaps(journey: Journey, status: Status, read: Read, ask: Ask) -> list[Gap]:
    """Return the required steps that were not seen, in the flow's order, each with its reason."""
    passed = _passed(journey)
    found = []
    for step in journey.flow.steps:
        if not step.required or journey.seen(step.name):
            continue
        over = step.name in passed or status in (Status.DONE, Status.LOST)
        known = ask(step.name, over=over)
        if known.dropped is not None:
            reason, sentence = Reason.DROPPED, _dropped(known.dropped)
        elif over:
            by = to_datetime(passed.get(step.name, journey.end))
            reason, sentence = _absent(known, read, by)
        else:
            reason, sentence = _ahead(journey, status, known, read)
        found.append(_gap(step.name, reason, sentence, known))
    return found


def _gap(step: str, reason: Reason, sentence: str, known: Signs) -> Gap:
    """The gap, with what would help; a likely cause is told beside the reason that is sure."""
    if reason is Reason.DROPPED:
        return Gap(step, reason, sentence, known.service, LINK_LIMIT)
    if known.cached and reason in (Reason.NOT_YET, Reason.MISSING, Reason.SILENT):
        who = known.service or "the Streams application"
        sentence += (
            f"; {who} may keep it in a state store's cache and send it under no event's span"
        )
        return Gap(step, reason, sentence, known.service, CACHE)
    return Gap(step, reason, sentence, known.service)


def _dropped(span: Dropped) -> str:
    return (
        f"{span.service}'s span {span.name!r} at {_moment(span.at)} left out {span.links:,} of its "
        "links: this event may be one of those"
    )


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _ahead(journey: Journey, status: Status, known: Signs, read: Read) -> tuple[Reason, str]:
    """Why a step that would be next, or later, was not seen."""
    if status in (Status.FAILED, Status.CANCELLED):
        word = "failed" if status is Status.FAILED else "was cancelled"
        return Reason.NOT_YET, f"not reached: the event {word}"
    if read.behind > PATIENCE:
        return Reason.LATE, _unread(read)
    if known.mute and known.others >= ENOUGH:
        return Reason.SILENT, _never(known)
    heard = ""
    if known.service and known.heard_at:
        heard = f"; {known.service} last sent a span {span(read.now - known.heard_at)} ago"
    return Reason.NOT_YET, f"a span comes when its work has ended{heard}"


def _absent(known: Signs, read: Read, by: datetime) -> tuple[Reason, str]:
    """Why a step that should have been seen by `by` was not."""
    if read.watermark < by + PATIENCE and read.behind > PATIENCE:
        return Reason.LATE, _unread(read)
    if read.now - by < SETTLING:
        ago = span(read.now - by)
        return Reason.LATE, f"a later step was seen only {ago} ago: its own span may yet come"
    if known.unsampled:
        return Reason.SAMPLED, "the spans before it say that this trace is not sampled"
    if known.mute:
        return Reason.SILENT, _never(known)
    if known.service and known.heard_at and known.heard_at < by - SETTLING:
        return Reason.SILENT, f"{known.service} had sent no span for {span(by - known.heard_at)}"
    return _compared(known)


def _compared(known: Signs) -> tuple[Reason, str]:
    """What other events of the same time tell."""
    of = f"{known.shown} of {known.others} other events of that time show it"
    if known.others < ENOUGH:
        return Reason.MISSING, "no span of it ever came, and too few other events to compare with"
    if known.shown == 0:
        who = known.service or "its service"
        return (
            Reason.SILENT,
            f"none of {known.others} other events of that time shows it: {who} \
sends no spans of it",
        )
    if known.orphan:
        return Reason.SAMPLED, f"a later span names a parent that never came, while {of}"
    if known.shown < NEARLY_ALL * known.others:
        return Reason.SAMPLED, f"only {of}: some of its spans are left out"
    return Reason.MISSING, f"no span of it ever came, while {of}"


def _unread(read: Read) -> str:
    return f"telemetry has been read up to {span(read.behind)} ago: its span may yet come"


def _never(known: Signs) -> str:
    return f"no span of {known.service} has ever come: it is not instrumented, or sends elsewhere"


def _passed(journey: Journey) -> dict[str, int]:
    """The steps that come before a seen one, directly or not, and when the next one was seen."""
    found: dict[str, int] = {}
    for seen in journey.steps:
        for name in _ancestors(journey.flow, seen.step):
            found[name] = min(found.get(name, seen.start), seen.start)
    return found


def _ancestors(flow: Flow, step: str) -> set[str]:
    names: set[str] = set()
    queue = list(flow.step(step).after)
    while queue:
        name = queue.pop()
        if name not in names:
            names.add(name)
            queue += flow.step(name).after
    return names
