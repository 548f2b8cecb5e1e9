"""The map of a flow as a drawing: where boxes stand, how ways run, where their words are.

Two drawings of one graph: across, in bands of columns one under the other, and down for a phone.
Lengths are CSS pixels; both use boxes of one size, so a step looks the same in both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from dashboards.flow_graph import Graph, Node, graph
from dashboards.flow_graph_rows import rows
from slatrack.domain.flows import Flow

BOX = (128, 66)
WIDE = 1172  # what a usual screen has room for
COLUMNS = 7  # of one band
PITCH = (174, 222)  # from column to column: at least, at most
ROW, BAND = 88, 40  # from row to row; between bands
DOWN, BESIDE = 112, 142  # from layer to layer and from row to row where ways run down
EDGE = 6
TRACK = 7  # between ways that return to the next band side by side
TURN = 28  # room for these at the sides


class Point(NamedTuple):
    x: float
    y: float


class Label(NamedTuple):
    """Where the words of a leg stand: two lines of text."""

    x: float
    first: float
    second: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """One drawing: corners of boxes by step, path and label by leg."""

    name: str  # "across" or "down"
    width: int
    height: int
    boxes: Mapping[str, Point]
    paths: Mapping[tuple[str, str], str]
    labels: Mapping[tuple[str, str], Label]


def drawings(flow: Flow) -> tuple[Drawing, Drawing]:
    """Return the drawing across and the drawing down."""
    return _drawings(tuple((step.name, step.after) for step in flow.steps))


@lru_cache(maxsize=64)
def _drawings(steps: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[Drawing, Drawing]:
    known = graph(dict(steps))
    placed = rows(known)
    return _across(known, placed), _down(known, placed)


def _down(known: Graph, placed: Mapping[Node, float]) -> Drawing:
    at = {
        node: Point(EDGE + row * BESIDE, EDGE + node.layer * DOWN) for node, row in placed.items()
    }
    paths, labels = {}, {}
    for ends, way in known.ways.items():
        stops = [_middle(at[node]) for node in way]
        paths[ends] = _path_down(stops)
        forks = len(known.after[way[0]]) > 1
        x, bottom = (
            (stops[-1].x, at[way[-1]].y - 22) if forks else (stops[0].x, _low(at[way[0]]) + 20)
        )
        labels[ends] = Label(x + 9, bottom - 3, bottom + 10, "start")
    return _drawing("down", known, at, paths, labels)


def _path_down(stops: list[Point]) -> str:
    half = BOX[1] / 2
    path = f"M{stops[0].x:g} {stops[0].y + half:g}"
    for one, other in pairwise(stops):
        start, end = one.y + half, other.y - half
        middle = (start + end) / 2
        path += f"C{one.x:g} {middle:g} {other.x:g} {middle:g} {other.x:g} {end:g}"
        if other is not stops[-1]:
            path += f"V{other.y + half:g}"
    return path


def _across(known: Graph, placed: Mapping[Node, float]) -> Drawing:
    bands = -(-len(known.layers) // COLUMNS) or 1
    columns = -(-len(known.layers) // bands) or 1
    pitch = min(PITCH[1], max(PITCH[0], (WIDE - BOX[0]) // max(1, columns - 1)))
    side = EDGE if bands == 1 else TURN
    at: dict[Node, Point] = {}
    top = float(EDGE)
    for band in range(bands):
        nodes = [n for layer in known.layers[band * columns : (band + 1) * columns] for n in layer]
        first = min((placed[node] for node in nodes), default=0.0)
        for node in nodes:
            x = side + node.layer % columns * pitch
            at[node] = Point(x, round(top + (placed[node] - first) * ROW))
        returning = sum(_returns(way, columns, band) for way in known.ways.values())
        top = max((_low(at[node]) for node in nodes), default=top) + BAND + TRACK * returning
    ways = _Ways(at, columns, side + (columns - 1) * pitch + BOX[0] + side)
    paths = {ends: ways.path(way) for ends, way in known.ways.items()}
    labels = {ends: ways.label(way, known) for ends, way in known.ways.items()}
    return _drawing("across", known, at, paths, labels)


def _returns(way: tuple[Node, ...], columns: int, band: int) -> bool:
    return way[0].layer // columns <= band < way[-1].layer // columns


class _Ways:
    """Draws ways across; those that go on in the next band each have a track of their own."""

    def __init__(self, at: Mapping[Node, Point], columns: int, width: float) -> None:
        self.at, self.columns, self.width = at, columns, width
        self.used: dict[int, int] = {}

    def band(self, node: Node) -> int:
        return node.layer // self.columns

    def path(self, way: tuple[Node, ...]) -> str:
        right = [Point(self.at[node].x + BOX[0], _middle(self.at[node]).y) for node in way]
        left = [Point(self.at[node].x, _middle(self.at[node]).y) for node in way]
        path = f"M{right[0].x:g} {right[0].y:g}"
        for number in range(1, len(way)):
            one, other = right[number - 1], left[number]
            if self.band(way[number - 1]) != self.band(way[number]):
                path += self._return(way[number - 1], one, other)
            elif one.y == other.y:
                path += f"H{other.x:g}"
            else:
                middle = (one.x + other.x) / 2
                path += f"C{middle:g} {one.y:g} {middle:g} {other.y:g} {other.x:g} {other.y:g}"
            if way[number].bend:
                path += f"H{right[number].x:g}"
        return path

    def _return(self, node: Node, one: Point, other: Point) -> str:
        band = self.band(node)
        track = self.used.get(band, 0)
        self.used[band] = track + 1
        low = max(_low(at) for other_, at in self.at.items() if self.band(other_) == band)
        aside = 6 + TRACK * (track % 3)
        level = low + 20 + TRACK * track
        return f"H{self.width - aside:g}V{level:g}H{aside:g}V{other.y:g}H{other.x:g}"

    def label(self, way: tuple[Node, ...], known: Graph) -> Label:
        """Return where the words stand: where the way has left the others, on free ground."""
        start, end = self.at[way[0]], self.at[way[-1]]
        if len(known.after[way[0]]) > 1 and self.band(way[-2]) == self.band(way[-1]):
            x, y = (self.at[way[-2]].x + BOX[0] + end.x) / 2, _middle(end).y
        elif self.band(way[0]) == self.band(way[1]):
            x, y = (start.x + BOX[0] + self.at[way[1]].x) / 2, _middle(start).y
        else:
            x, y = self.width - TURN, _low(start) + 20
            return Label(x - 8, y - 6, y + 14, "end")
        return Label(x, y - 7, y + 16, "middle")


def _drawing(
    name: str,
    known: Graph,
    at: Mapping[Node, Point],
    paths: Mapping[tuple[str, str], str],
    labels: Mapping[tuple[str, str], Label],
) -> Drawing:
    width = max((point.x for point in at.values()), default=0) + BOX[0] + EDGE
    if name == "across" and len(known.layers) > COLUMNS:
        width += TURN - EDGE
    if name == "down":
        width += 70  # words beside the last way
    height = max((_low(point) for point in at.values()), default=0) + EDGE
    boxes = {node.name: point for node, point in at.items() if not node.bend}
    return Drawing(name, round(width), round(height), boxes, paths, labels)


def _middle(corner: Point) -> Point:
    return Point(corner.x + BOX[0] / 2, corner.y + BOX[1] / 2)


def _low(corner: Point) -> float:
    return corner.y + BOX[1]
