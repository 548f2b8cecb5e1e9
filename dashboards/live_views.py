"""What a browser may subscribe to: each view draws its picture, for all that look at the same."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.utils import timezone

from dashboards import board_filter, board_picture, flow_map_picture, journey_picture
from dashboards.board_filter import BoardFilter
from dashboards.middleware import zone_of
from dashboards.picture import Picture
from slatrack.domain.parts import journey_id

LONGEST = 500  # characters of a name


class View(ABC):
    """Equal views share one picture. `every`: redraw after so many seconds without news."""

    permission: ClassVar[str]
    every: ClassVar[float]

    @abstractmethod
    def wants(self, journeys: Collection[str] | None, incidents: Collection[int] | None) -> bool:
        """Whether news of these ids (None: of very many) may change the picture."""

    @abstractmethod
    def draw(self, *, now: datetime) -> Picture:
        """Return the picture as it is; asks the database."""


@dataclass(frozen=True)
class BoardView(View):
    """The board, narrowed by a filter, in a time zone."""

    chosen: BoardFilter
    zone: str
    permission = "tracking.view_journey"
    every = 2.0

    def wants(self, journeys: Collection[str] | None, incidents: Collection[int] | None) -> bool:
        """Any journey may be on it."""
        return journeys is None or bool(journeys)

    def draw(self, *, now: datetime) -> Picture:
        """Draw tiles, the next hour and the lanes."""
        with timezone.override(zone_of(self.zone)):
            return board_picture.picture(board_picture.board(self.chosen, now=now), now=now)


@dataclass(frozen=True)
class JourneyView(View):
    """One journey, in a time zone."""

    flow: str
    key: str
    zone: str
    whole: bool = False
    permission = "tracking.view_journey"
    every = 2.0

    def wants(self, journeys: Collection[str] | None, incidents: Collection[int] | None) -> bool:
        """Only its own journey; alerts are few enough to look each time."""
        mine = journeys is None or str(journey_id(self.flow, self.key)) in journeys
        return mine or incidents is None or bool(incidents)

    def draw(self, *, now: datetime) -> Picture:
        """Draw the verdict, the steps, the way and what happened."""
        with timezone.override(zone_of(self.zone)):
            return journey_picture.picture(self.flow, self.key, now=now, whole=self.whole)


@dataclass(frozen=True)
class FlowView(View):
    """The page of one flow as of a version of it, in a time zone.

    It is drawn once a second whatever comes: its numbers are sums, and the pace is that of reading.
    """

    flow: str
    version: int
    zone: str
    permission = "tracking.view_flow"
    every = 1.0

    def wants(self, journeys: Collection[str] | None, incidents: Collection[int] | None) -> bool:
        """No news is waited for."""
        return False

    def draw(self, *, now: datetime) -> Picture:
        """Draw the figures, the steps and legs of the map, and its table."""
        with timezone.override(zone_of(self.zone)):
            return flow_map_picture.live(self.flow, self.version, now=now)


@dataclass(frozen=True)
class AlertsView(View):
    """Nothing but the news that incidents changed: the page asks for its own parts."""

    permission = "alerting.view_incident"
    every = 30.0

    def wants(self, journeys: Collection[str] | None, incidents: Collection[int] | None) -> bool:
        """Every change of an incident."""
        return incidents is None or bool(incidents)

    def draw(self, *, now: datetime) -> Picture:
        """Nothing is drawn here."""
        return Picture()


def asked_for(message: Mapping[str, Any], zone: str) -> View | None:
    """Return the view that a subscription names; None if it names none."""
    name = message.get("subscribe")
    if name == "board":
        return BoardView(board_filter.read(str(message.get("query", ""))), zone)
    if name == "journey":
        flow, key = (str(message.get(field, ""))[:LONGEST] for field in ("flow", "key"))
        return JourneyView(flow, key, zone, whole=message.get("all") is True)
    if name == "flow":
        version = message.get("version")
        known = version if isinstance(version, int) else 0
        return FlowView(str(message.get("flow", ""))[:LONGEST], known, zone)
    return AlertsView() if name == "alerts" else None
