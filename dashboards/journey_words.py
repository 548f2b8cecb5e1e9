"""The sentence at the head of a journey's page: how it stands, where it is, since when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboards import words
from dashboards.journey_data import JourneyData
from dashboards.journey_faults import faults, in_words
from dashboards.standing import standing
from dashboards.usual import Usual, stuck_after
from dashboards.way_lines import coordinates
from slatrack.domain.gaps import Reason
from slatrack.domain.states import Status, Verdict
from slatrack.tracking.decisions import Decided

NEVER_CAME = (
    "a span that another one names as its parent, or links to, was never received, "
    "so something may be missing"
)


@dataclass(frozen=True, slots=True)
class Head:
    """What the head says; `until` is set while a countdown runs."""

    state: str
    sentence: str
    deadline: Decided | None
    judged: Mapping[str, Any] | None  # that deadline in the API's shape
    expected: Mapping[str, Any] | None  # its forecast, while it is open
    until: datetime | None
    number: str
    caption: str
    notes: list[str]


def head(data: JourneyData, usual: Usual, *, now: datetime) -> Head:
    """Return what the head of the page says at `now`."""
    judged = data.judged
    parts = [judged["sentence"]] if judged else []
    parts.append(_where(data, usual, now))
    number, caption, until = _number(data, now)
    return Head(
        state=standing(
            data.row,
            now=now,
            unreached=_unreached(data),
            at_risk=bool(data.expected and data.expected["at_risk"]),
        ),
        sentence=" ".join(f"{part}." for part in parts if part),
        deadline=data.deadline,
        judged=judged,
        expected=data.expected,
        until=until,
        number=number,
        caption=caption,
        notes=_notes(data),
    )


def _where(data: JourneyData, usual: Usual, now: datetime) -> str:
    row = data.row
    if row.status == Status.DONE and row.ended_at is not None:
        took = words.duration(row.ended_at - row.started_at)
        return f"It took {took} over {len(data.described['steps'])} steps"
    if dead := data.described["dead_letters"]:
        where = f"{dead[-1]['topic']} {coordinates(dead[-1])}".strip()
        said = f"It was put aside as a dead letter in {where}{_exception(data)}"
        if row.status == Status.FAILED:
            return said
    if row.status == Status.FAILED:
        return f"It failed in {row.step}{_exception(data)}"
    if row.status == Status.LOST:
        return f"No sign of it since it was in {row.step}, {words.duration(now - row.step_at)} ago"
    if row.status == Status.CANCELLED:
        return f"It was cancelled in {row.step}"
    return _there(data, usual, now)


def _there(data: JourneyData, usual: Usual, now: datetime) -> str:
    """Where it is: a span comes when its work has ended, so that nobody can say what goes on."""
    row, there = data.row, now - data.row.step_at
    if parts := data.parts_awaited:
        return f"{parts['done']:,} of its {parts['wanted']:,} parts are done"
    length = usual.get((row.flow_id, row.step, row.working))
    ago = words.duration(there)
    if length is None:
        return f"It left {row.step} {ago} ago and has not been seen since"
    tail = f"where the next sign usually comes within {words.duration(length)}"
    if there > stuck_after(length):
        return f"It is stuck after {row.step}, which it left {ago} ago, {tail}"
    return f"It left {row.step} {ago} ago, {tail}"


def _exception(data: JourneyData) -> str:
    """Why it failed: what the newest span that failed in that step says, else the newest at all."""
    found = [one for one in faults(data.spans) if in_words(one)]
    there = [one for one in found if one.step == data.row.step] or found
    return f": {in_words(there[-1])}" if there else ""


def _unreached(data: JourneyData) -> bool:
    return data.deadline is not None and data.deadline.reached_at is None


def _number(data: JourneyData, now: datetime) -> tuple[str, str, datetime | None]:
    due_at = data.row.due_at
    if due_at is None:
        return "", "no deadline", None
    reached = data.deadline.reached_at if data.deadline else data.row.ended_at
    if reached is None:
        left = due_at - now
        caption = "until due," if left > timedelta() else "since it was due,"
        return words.face(left), caption, due_at
    spare = due_at - reached
    if spare >= timedelta():
        return words.face(spare), "to spare, due", None
    return words.face(spare), "late, due", None


def _taken_back(data: JourneyData) -> list[str]:
    """Of the deadline shown: that it was taken for missed, or unknown, until its proof came."""
    mine = [f for f in data.flips if f.deadline == data.row.deadline and f.about == "verdict"]
    newest = mine[0] if mine else None
    if newest is None or newest.after != Verdict.MET or newest.before == Verdict.WAITING:
        return []
    behind = words.duration(newest.recorded_at - newest.at)
    return [f"It was {newest.before} until the span that proves it came, {behind} after the fact."]


def _notes(data: JourneyData) -> list[str]:
    notes = _taken_back(data)
    helped = {gap["remedy"]: gap for gap in reversed(data.described["gaps"]) if gap["remedy"]}
    dropped = any(gap["reason"] == Reason.DROPPED for gap in helped.values())
    if not data.described["complete"] and not dropped:
        notes.append(f"Incomplete: {NEVER_CAME}.")
    for gap in reversed(helped.values()):
        what = "Incomplete" if gap["reason"] == Reason.DROPPED else gap["step"].capitalize()
        notes.append(f"{what}: {gap['sentence']}. {gap['remedy']}")
    if data.described.get("truncated"):
        notes.append("Truncated: it has more spans than are kept of one journey.")
    for skew in data.described["skews"]:
        shown = words.duration(skew["at_least_ms"] / 1000)
        hosts = f"{skew['behind']} is at least {shown} behind {skew['ahead']}"
        notes.append(f"Clocks differ: {hosts}. Times are shown as they were sent.")
    return notes
