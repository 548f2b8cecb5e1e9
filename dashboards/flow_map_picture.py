"""The live parts of the flow page: its figures, each step and leg of the map, the table of both.

The frame of the map (where boxes stand) is drawn once with the page; what is in it changes. Parts
are named by the number of the step or leg in the flow, so a page shows only the version it knows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.template.loader import render_to_string
from django.templatetags.static import static

from dashboards.days import day_began
from dashboards.flow_map import FlowMap, Known, LegNow, StepNow, flow_map
from dashboards.flow_map_drawing import BOX, Drawing, Label, drawings
from dashboards.flow_map_names import lines
from dashboards.outlook_words import Told, outlooks
from dashboards.picture import Picture
from dashboards.queries_flows import Standing, standings
from dashboards.queries_leg_times import measured
from dashboards.queries_places import missed_at, places
from dashboards.shared import Shared
from dashboards.usual import usual
from slatrack.domain import flows
from slatrack.tracking.flows import check
from slatrack.tracking.forecast_reading import outlooks_of
from slatrack.tracking.models import Flow

HOUR = timedelta(hours=1)
ROOM = 14.5  # letters of a name that a box has room for
COUNTS_FOR, TIMES_FOR = 0.5, 15.0  # seconds for which these are shared by all who look

_counts, _times = Shared(COUNTS_FOR), Shared(TIMES_FOR)


@dataclass(frozen=True, slots=True)
class FlowNow:
    """One flow, as its page shows it at an instant."""

    row: Flow
    read: flows.Flow
    standing: Standing
    map: FlowMap
    outlooks: list[Told]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One drawing with its parts as HTML by id: `html` holds steps and legs in reading order."""

    drawing: Drawing
    parts: dict[str, str]


def look(row: Flow, *, now: datetime) -> FlowNow:
    """Return what the page of a flow shows at `now`; shared for a moment by all who look."""
    return _counts.get((row.pk, row.version, day_began(now)), lambda: _look(row, now))


def forget() -> None:
    """Ask afresh at the next look."""
    _counts.forget()
    _times.forget()


def _look(row: Flow, now: datetime) -> FlowNow:
    [read] = check(row.document)
    since = now - HOUR
    known, missed = _times.get(
        (row.pk, row.version),
        lambda: (measured(row, read, since=since), missed_at(row, since=since)),
    )
    [standing] = standings(now=now, day_began=day_began(now), flows=[row])
    stays = {(step, working): t for (of, step, working), t in usual().items() if of == row.pk}
    shown = flow_map(read, Known(places(row, now=now), known, missed, stays, now))
    return FlowNow(row, read, standing, shown, outlooks(outlooks_of(row.pk), now=now))


def live(flow: str, version: int, *, now: datetime) -> Picture:
    """Return the live parts of the page that shows `version` of a flow; of another, only word."""
    row = Flow.objects.filter(name=flow).first()
    if row is None or row.version != version:
        return Picture(parts={"flow-changed": render_to_string("dashboards/_flow_changed.html")})
    return picture(look(row, now=now))


def picture(found: FlowNow) -> Picture:
    """Return the live parts of the page."""
    parts = {
        "flow-changed": "",
        "flow-figures": render_to_string("dashboards/_flow_figures.html", {"now": found}),
        "flow-outlook": render_to_string(
            "dashboards/_flow_outlook.html", {"outlooks": found.outlooks}
        ),
        "map-said": render_to_string("dashboards/_map_said.html", {"map": found.map}),
        "map-table": render_to_string("dashboards/_map_table.html", {"map": found.map}),
    }
    for drawing in drawings(found.read):
        parts |= dict(_drawn(found.map, drawing))
    return Picture(parts=parts)


def drawn(found: FlowNow) -> list[Drawn]:
    """Return the drawings of the map with their parts."""
    return [Drawn(one, dict(_drawn(found.map, one))) for one in drawings(found.read)]


def _drawn(known: FlowMap, drawing: Drawing) -> Iterator[tuple[str, str]]:
    legs = {(leg.before, leg.after): f"{number}" for number, leg in enumerate(known.legs)}
    for number, step in enumerate(known.steps):
        name = f"{drawing.name}-step-{number}"
        corner = drawing.boxes[step.name]
        yield name, _step(name, step, corner.x, corner.y)
        for leg in known.out(step.name):
            ends = leg.before, leg.after
            name = f"{drawing.name}-leg-{legs[ends]}"
            yield name, _leg(name, leg, drawing.paths[ends], drawing.labels[ends])


@lru_cache(maxsize=4000)
def _step(name: str, step: StepNow, x: float, y: float) -> str:
    width, height = BOX
    named = lines(step.name, ROOM)
    tops = (15, 30, 46, 59) if len(named) > 1 else (20, 39, 55)
    edge = width - 4 if step.role == "sink" else 0
    context = {
        "id": f"{name}-link",
        "step": step,
        "at": f"translate({x:g} {y:g})",
        "box": BOX,
        "lines": [{"text": text, "y": top} for text, top in zip(named, tops, strict=False)],
        "count_y": tops[-2],
        "times_y": tops[-1],
        "end": f"M{edge} 8h4v{height - 16}h-4z",
        "icon_x": width - 22,
        "icons": static("dashboards/icons.svg"),
    }
    return render_to_string("dashboards/_map_step.html", context)


@lru_cache(maxsize=4000)
def _leg(name: str, leg: LegNow, path: str, label: Label) -> str:
    context = {"id": f"{name}-link", "leg": leg, "path": path, "label": label}
    return render_to_string("dashboards/_map_leg.html", context)
