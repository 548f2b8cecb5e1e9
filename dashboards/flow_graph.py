"""A flow's steps as a graph in layers: which step stands in which column, and in what order.

Pure and deterministic: the same steps give the same layers. A way that passes over layers has a
bend in each of them, so that every link goes from one layer to the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import NamedTuple

SWEEPS = 12  # attempts to order the layers with fewer crossings


class Node(NamedTuple):
    """A step in its layer, or a bend of the way that leads to one (`before` is its start)."""

    layer: int
    name: str
    before: str = ""

    @property
    def bend(self) -> bool:
        """Whether this is no step, only a place that a way passes."""
        return bool(self.before)


Way = tuple[Node, ...]  # from step to step, through bends
Layers = list[list[Node]]


@dataclass(frozen=True)
class Graph:
    """Steps and bends by layer, in order from the top; the ways by (before, after)."""

    layers: tuple[tuple[Node, ...], ...]
    ways: Mapping[tuple[str, str], Way]

    @cached_property
    def before(self) -> Mapping[Node, list[Node]]:
        """The neighbours of each node in the layer before it."""
        found: dict[Node, list[Node]] = {node: [] for layer in self.layers for node in layer}
        for one, other in _links(self.ways):
            found[other].append(one)
        return found

    @cached_property
    def after(self) -> Mapping[Node, list[Node]]:
        """The neighbours of each node in the layer after it."""
        found: dict[Node, list[Node]] = {node: [] for layer in self.layers for node in layer}
        for one, other in _links(self.ways):
            found[one].append(other)
        return found


def graph(after: Mapping[str, Sequence[str]]) -> Graph:
    """Return the graph of steps, each given with the steps that it may follow; no rings."""
    depth = _depths(after)
    nodes = {name: Node(layer, name) for name, layer in depth.items()}
    ways = {
        (before, name): _way(nodes[before], nodes[name])
        for name in after
        for before in dict.fromkeys(after[name])
    }
    layers: Layers = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in after:
        layers[depth[name]].append(nodes[name])
    for way in ways.values():
        for bend in way[1:-1]:
            layers[bend.layer].append(bend)
    return Graph(tuple(map(tuple, _ordered(layers, ways))), ways)


def _depths(after: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return the layer of each step: behind all that it follows; a start right before its first."""
    depth: dict[str, int] = {}
    for name in TopologicalSorter(after).static_order():
        depth[name] = max((depth[one] + 1 for one in after[name]), default=0)
    for name in (name for name, before in after.items() if not before):
        followers = [depth[one] for one, before in after.items() if name in before]
        depth[name] = min(followers, default=1) - 1
    return depth


def _way(before: Node, after: Node) -> Way:
    between = range(before.layer + 1, after.layer)
    return (before, *(Node(layer, after.name, before.name) for layer in between), after)


def _links(ways: Mapping[tuple[str, str], Way]) -> list[tuple[Node, Node]]:
    return [link for way in ways.values() for link in pairwise(way)]


def _ordered(layers: Layers, ways: Mapping[tuple[str, str], Way]) -> Layers:
    """Order each layer by where its neighbours stand, to and fro; keep the fewest crossings."""
    links = _links(ways)
    best, fewest = layers, _crossings(layers, links)
    current = layers
    for sweep in range(SWEEPS):
        if not fewest:
            break
        current = _swept(current, links, backwards=bool(sweep % 2))
        count = _crossings(current, links)
        if count < fewest:
            best, fewest = current, count
    return best


def _swept(layers: Layers, links: Sequence[tuple[Node, Node]], *, backwards: bool) -> Layers:
    pairs = links if backwards else [(other, one) for one, other in links]
    neighbours: dict[Node, list[Node]] = {}
    for node, other in pairs:
        neighbours.setdefault(node, []).append(other)
    done: Layers = []
    place: dict[Node, float] = {}
    for layer in reversed(layers) if backwards else layers:
        wanted = {
            node: sum(place[one] for one in near) / len(near) if (near := neighbours.get(node))
            else float(number)
            for number, node in enumerate(layer)
        }  # fmt: skip
        done.append(sorted(layer, key=lambda node: wanted[node]))
        place |= {node: float(number) for number, node in enumerate(done[-1])}
    return done[::-1] if backwards else done


def _crossings(layers: Layers, links: Sequence[tuple[Node, Node]]) -> int:
    place = {node: number for layer in layers for number, node in enumerate(layer)}
    by_layer: dict[int, list[tuple[int, int]]] = {}
    for one, other in links:
        by_layer.setdefault(one.layer, []).append((place[one], place[other]))
    return sum(
        (a[0] - b[0]) * (a[1] - b[1]) < 0
        for ends in by_layer.values()
        for number, a in enumerate(ends)
        for b in ends[:number]
    )
