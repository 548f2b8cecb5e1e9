"""The steps of a journey as stations on a line, like those of a parcel."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboards import words
from dashboards.journey_data import JourneyData
from dashboards.way_lines import absence, handled
from slatrack.domain.flows import Role
from slatrack.domain.states import Status

BESIDE = (Role.CANCEL, Role.AMEND, Role.DEAD_LETTER)


@dataclass(frozen=True, slots=True)
class Station:
    """One step. `state`: passed, here, failed, missing, ahead."""

    step: str
    state: str
    service: str
    at: str | None
    since_start: str
    note: str


def stations(data: JourneyData) -> list[Station]:
    """Return the steps in the flow's order; optional steps only if they were seen."""
    reasons = {gap["step"]: gap["reason"] for gap in data.described["gaps"]}
    passed = data.passed
    found = []
    for step in data.steps:
        seen = data.seen(step.name)
        if seen is not None:
            found.append(_seen(seen, data))
        elif step.required:
            reason = reasons.get(step.name, "not yet")
            absent = step.name in passed or not data.in_flight
            state = "missing" if absent and reason != "not yet" else "ahead"
            told = absence(reason, ended=not data.in_flight)
            note = "no span of it" if reason == "missing" else told
            found.append(Station(step.name, state, "", None, "", note))
    return found


def _seen(seen: dict[str, Any], data: JourneyData) -> Station:
    here = data.row.ended_at is None and seen["step"] == data.row.step
    beside = seen["role"] in BESIDE
    wrong = seen["error"] or (here and beside and data.row.status == Status.FAILED)
    state = "failed" if wrong else "here" if here else "passed"
    notes = []
    if seen["attempts"] > 1:
        sort = handled(one for one in data.spans if one["step"] == seen["step"])
        notes.append(f"{seen['attempts']} {sort}s")
    if seen["shared"] > 1:
        notes.append(f"shared by {seen['shared']:,}")
    if not seen["required"] and not beside:
        notes.append("optional")
    length = datetime.fromisoformat(seen["started_at"]) - data.row.started_at
    after = f"+{words.duration(length)}" if length > timedelta() else ""
    at = seen["started_at"]
    return Station(seen["step"], state, seen["service"] or "", at, after, ", ".join(notes))
