"""How far from the top each step of a graph stands: ways as straight as the room allows."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from dashboards.flow_graph import Graph, Node

ROUNDS = 4
STEP, BEND = 1000.0, 1.0  # how much a step resists leaving its line, and how much a bend does
NARROW = 0.5  # rows that a bend takes up


def rows(graph: Graph) -> dict[Node, float]:
    """Return the row of each node, 0 at the top, parts of rows allowed; nothing overlaps."""
    place = {node: float(number) for layer in graph.layers for number, node in enumerate(layer)}
    for _ in range(ROUNDS):
        for layer in graph.layers[1:]:
            place |= _settled(layer, graph.before, place)
        for layer in graph.layers[-2::-1]:
            place |= _settled(layer, graph.after, place)
    for layer in graph.layers[1:]:
        place |= _settled(layer, graph.before, place)
    top = min(place.values(), default=0.0)
    return {node: round(row - top, 2) for node, row in place.items()}


def _settled(
    layer: Sequence[Node], near: Mapping[Node, list[Node]], place: Mapping[Node, float]
) -> dict[Node, float]:
    wanted = [_wanted(node, near[node], place) for node in layer]
    return dict(zip(layer, _apart(layer, wanted), strict=True))


def _wanted(node: Node, near: Sequence[Node], place: Mapping[Node, float]) -> float:
    if not near:
        return place[node]
    weight = sum(_weight(one) for one in near)
    return sum(place[one] * _weight(one) for one in near) / weight


def _weight(node: Node) -> float:
    return BEND if node.bend else STEP


def _apart(layer: Sequence[Node], wanted: Sequence[float]) -> list[float]:
    """Return places in the order of `layer`, as near to `wanted` as the room between allows.

    Pools of adjacent nodes that want the same room share its weighted mean.
    """
    room = [0.0]
    for one, other in pairwise(layer):
        room.append(room[-1] + (NARROW if one.bend or other.bend else 1.0))
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for node, want, taken in zip(layer, wanted, room, strict=True):
        pool = (want - taken, _weight(node), 1)
        while pools and pools[-1][0] > pool[0]:
            mean, weight, count = pools.pop()
            both = weight + pool[1]
            pool = ((mean * weight + pool[0] * pool[1]) / both, both, count + pool[2])
        pools.append(pool)
    means = [mean for mean, _, count in pools for _ in range(count)]
    return [mean + taken for mean, taken in zip(means, room, strict=True)]
