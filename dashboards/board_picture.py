"""The board as one picture: tiles, the next hour, lanes. The page and the sockets show the same."""

from dataclasses import dataclass
from datetime import datetime

from django.template.loader import render_to_string

from dashboards.board_filter import BoardFilter
from dashboards.board_rows import rendered, row
from dashboards.days import day_began
from dashboards.picture import Picture
from dashboards.queries_board import Lane, lanes
from dashboards.queries_flows import Standing, standings
from dashboards.queries_strip import Strip, strip
from dashboards.shared import Shared
from dashboards.usual import usual

SUMMARY_FOR = 1.0  # seconds for which tiles and strip are shared by all who look


@dataclass(frozen=True, slots=True)
class Board:
    """All that the board shows."""

    chosen: BoardFilter
    tiles: list[Standing]
    strip: Strip
    lanes: list[Lane]


_shared = Shared(SUMMARY_FOR)


def board(chosen: BoardFilter, *, now: datetime) -> Board:
    """Return what the board shows at `now`."""
    day = day_began(now)
    return Board(
        chosen,
        _shared.get(("tiles", day), lambda: standings(now=now, day_began=day)),
        _shared.get(("strip", chosen.flow), lambda: strip(now=now, flow=chosen.flow)),
        lanes(chosen, usual(), now=now),
    )


def forget() -> None:
    """Ask afresh at the next look."""
    _shared.forget()


def picture(found: Board, *, now: datetime) -> Picture:
    """Return the board as HTML by name: each lane's rows, and the parts around them."""
    places = usual()
    rows: dict[str, str] = {}
    order: dict[str, list[str]] = {}
    for lane in found.lanes:
        order[lane.name] = [f"row-{journey.pk}" for journey in lane.rows]
        for journey in lane.rows:
            rows[f"row-{journey.pk}"] = rendered.html(row(journey, places, now=now))
    return Picture(rows, order, _parts(found))


def _parts(found: Board) -> dict[str, str]:
    context = {"board": found, "chosen": found.chosen}
    parts: dict[str, str] = {
        name: render_to_string(f"dashboards/_board_{name}.html", context)
        for name in ("tiles", "strip")
    }
    for lane in found.lanes:
        heading = render_to_string("dashboards/_board_lane.html", {**context, "lane": lane})
        parts[f"lane-{lane.name}"] = heading
    return parts
