"""What happened to a journey: flips and alerts as one list, newest first."""

from dataclasses import dataclass
from datetime import datetime

from dashboards import words
from dashboards.chips import chip
from dashboards.journey_data import JourneyData
from slatrack.alerting.models import Alert, Incident, IncidentChange
from slatrack.domain.states import Verdict
from slatrack.tracking.models import Flip

State = Incident.State


@dataclass(frozen=True, slots=True)
class Happening:
    """One line. `at` is the instant it speaks of, `known` when slatrack recorded it."""

    at: datetime
    known: datetime
    state: str
    text: str
    incident: int | None = None


def history(data: JourneyData) -> list[Happening]:
    """Return what happened, newest first; the clock's start is the oldest."""
    found = [_flip(one) for one in data.flips]
    found += [_alert(one) for one in data.alerts]
    found += [_change(one) for one in data.taken_on]
    if data.deadline is not None and data.deadline.started_at is not None:
        at = data.deadline.started_at
        rule = f"{data.deadline.name} v{data.deadline.version}"
        found.append(Happening(at, at, "on_track", f"Clock started, rule {rule}"))
    return sorted(found, key=lambda one: (one.known, one.at), reverse=True)


def _flip(flip: Flip) -> Happening:
    if flip.about == Flip.About.WARNING:
        left = f", {words.duration(flip.due_at - flip.at)} left" if flip.due_at else ""
        return Happening(flip.at, flip.recorded_at, "due_soon", f"Due soon: {flip.deadline}{left}")
    if flip.about == Flip.About.RISK:
        text = f"{chip(flip.after).word}: {flip.deadline}"
        return Happening(flip.at, flip.recorded_at, flip.after, text + _why(flip))
    if flip.about == Flip.About.STATUS:
        text = f"{_word(flip.before)} → {_word(flip.after)} in {flip.step}"
        return Happening(flip.at, flip.recorded_at, flip.after, text + _why(flip))
    text = f"{flip.deadline} v{flip.version}: {_word(flip.before)} → {_word(flip.after)}"
    return Happening(
        flip.at, flip.recorded_at, flip.after, text + (_late_proof(flip) or _why(flip))
    )


def _late_proof(flip: Flip) -> str:
    """That a verdict was taken back, or told at last, because the proof came late."""
    if flip.before not in (Verdict.MISSED, Verdict.UNKNOWN) or flip.after != Verdict.MET:
        return ""
    behind = words.duration(flip.recorded_at - flip.at)
    return f": the span that proves it came {behind} after the fact"


def _word(state: str) -> str:
    return chip(state).word.lower() if state else "new"


def _why(flip: Flip) -> str:
    return f" ({flip.reason})" if flip.reason else ""


def _alert(alert: Alert) -> Happening:
    at, text = alert.decided_at, f"{chip(alert.rung).word} alert"
    if alert.incident is None:
        return Happening(at, at, alert.rung, text)
    return Happening(
        at, at, alert.rung, f"{text}, incident #{alert.incident.number}", alert.incident.pk
    )


def _change(change: IncidentChange) -> Happening:
    """What a person did about an incident of its alerts, or slatrack when it was over."""
    after = "opened again" if change.after == State.OPEN else change.after
    by = change.by.get_username() if change.by else "slatrack"
    text = f"Incident #{change.incident_id} {after} by {by}"
    if change.until is not None and change.after == State.SNOOZED:
        text += f" for {words.duration(change.until - change.at)}"
    text += f": {change.why}" if change.why else ""
    return Happening(change.at, change.at, change.after, text, change.incident_id)
