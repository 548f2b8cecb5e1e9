"""How far telemetry has been read for each flow, and what it does not wait for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from slatrack.domain.feeding import Feeding, reach_sentence
from slatrack.tracking import feeds, sources
from slatrack.tracking.models import Flow


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the telemetry that feeds a flow has been read; `sentence` is empty with one topic."""

    flow: Flow
    read_to: datetime | None
    behind: timedelta | None
    sentence: str


def reaches(flows: Iterable[Flow], *, now: datetime) -> list[Reach]:
    """Return how far the telemetry of some flows has been read."""
    marks = sources.watermarks(now)
    topics, feedings, apart = feeds.topics(), feeds.feedings(), feeds.current()
    found: list[Reach] = []
    for flow in flows:
        at, name = marks.of(flow.name), flow.name
        behind = None if at is None else max(now - at, timedelta())
        said = reach_sentence(feedings.get(name, Feeding()), topics, apart.get(name, ()))
        found.append(Reach(flow, at, behind, said))
    return found
