"""What the map says of a step or a leg in a sentence: for screen readers and under the pointer."""

from dashboards import words
from dashboards.flow_map import LegNow, StepNow
from dashboards.queries_leg_times import Times

ROLES = {"ingress": "where events come in", "sink": "an end"}


def of_step(step: StepNow) -> str:
    """Return "enriched: 12 events here, 2 late; works 3 s, p95 5 s"."""
    named = [step.name]
    if step.service and step.service != step.name:
        named.append(f"service {step.service}")
    if note := ROLES.get(step.role):
        named.append(note)
    if not step.required:
        named.append("optional")
    here = [_events(step.here.count, "here"), *standing(step)]
    if step.stuck:
        here.append("stuck")
    return f"{', '.join(named)}: {', '.join(here)}; {_times('works', step.times)}{_hour(step)}"


def of_leg(leg: LegNow) -> str:
    """Return "from accepted to enriched: 40 events waiting; waits 9 s, p95 14 s"."""
    told = []
    if leg.waiting is not None:
        told.append(_events(leg.waiting.moving, "waiting"))
        if leg.waiting.late:
            told.append(f"{leg.waiting.late:,} late")
    if leg.stuck:
        told.append("stuck")
    if leg.share is not None:
        told.append(f"taken by {percent(leg.share)} of events")
    text = f"from {leg.before} to {leg.after}"
    if leg.topic:
        text += f" through {leg.topic}"
    return f"{text}: {', '.join([*told, _times('waits', leg.times)])}"


def standing(step: StepNow) -> list[str]:
    """Return what is not well with the events at a step: "2 late", "5 at risk", "1 failed"."""
    here = step.here
    counts = (("late", here.late), ("failed", here.failed), ("at risk", here.at_risk))
    return [f"{count:,} {word}" for word, count in counts if count]


def percent(share: float) -> str:
    """Return a share as "62 %"; never 0 or 100 for some but not all."""
    if share in (0, 1):
        return f"{share * 100:.0f} %"
    return f"{min(99, max(1, round(share * 100)))} %"


def _events(count: int, where: str) -> str:
    return f"1 event {where}" if count == 1 else f"{count:,} events {where}"


def _times(verb: str, times: Times | None) -> str:
    if times is None:
        return "not seen in the last hour"
    return f"{verb} {words.duration(times.p50)} at the median, {words.duration(times.p95)} at p95"


def _hour(step: StepNow) -> str:
    told = []
    if step.missed:
        told.append(f"{_events(step.missed, '')}missed a deadline here in the last hour")
    if step.retried:
        told.append(f"{step.retried:,} of the newest events were tried more than once")
    return "".join(f"; {one}" for one in told)
