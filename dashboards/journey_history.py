"""What happened to a journey: flips and alerts as one list, newest first."""

from dataclasses import dataclass
from datetime import datetime

from dashboards import words
from dashboards.chips import chip
from dashboards.journey_data import JourneyData
from slatrack.alerting.models import Alert
from slatrack.domain.states import Verdict
from slatrack.tracking.models import Flip


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
    if data.deadline is not None and data.deadline.started_at is not None:
        at = data.deadline.started_at
        rule = f"{data.deadline.name} v{data.deadline.version}"
        found.append(Happening(at, at, "on_track", f"Clock started, rule {rule}"))
    return sorted(found, key=lambda one: (one.known, one.at), reverse=True)


def _flip(flip: Flip) -> Happening:
    if flip.about == Flip.About.WARNING:
        left = f", {words.duration(flip.due_at - flip.at)} left" if flip.due_at else ""
        return Happening(flip.at, flip.recorded_at, "at_risk", f"Due soon: {flip.deadline}{left}")
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
    incident, at = alert.incident, alert.decided_at
    text = f"{chip(alert.rung).word} alert"
    if incident is None:
        return Happening(at, at, alert.rung, text)
    text += f", incident #{incident.number}, {incident.state}"
    if incident.owner is not None:
        text += f" by {incident.owner.get_username()}"
    return Happening(at, at, alert.rung, text, incident.pk)
