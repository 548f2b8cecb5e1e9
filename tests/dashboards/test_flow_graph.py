"""Layers, order and rows of a flow's steps."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dashboards.flow_graph import graph
from dashboards.flow_graph_rows import rows


@st.composite
def flows(draw):
    """Steps by the steps that they may follow, in an order of their own."""
    count = draw(st.integers(1, 15))
    after = {
        f"s{n}": tuple(f"s{m}" for m in draw(st.sets(st.integers(0, n - 1), max_size=3)))
        if n
        else ()
        for n in range(count)
    }
    return {name: after[name] for name in draw(st.permutations(list(after)))}


def names(layers):
    return [[node.name for node in layer if not node.bend] for layer in layers]


def test_a_chain_is_one_straight_row():
    chain = graph({"a": (), "b": ("a",), "c": ("b",)})

    assert names(chain.layers) == [["a"], ["b"], ["c"]]
    assert set(rows(chain).values()) == {0.0}


def test_branches_stand_on_both_sides_of_where_they_part_and_join():
    found = graph({"in": (), "left": ("in",), "right": ("in",), "out": ("left", "right")})
    place = {node.name: row for node, row in rows(found).items()}

    assert place == {"in": 0.5, "left": 0.0, "right": 1.0, "out": 0.5}


def test_a_way_past_an_optional_step_bends_and_the_step_stays_in_line():
    found = graph({"in": (), "check": ("in",), "out": ("in", "check")})
    [bend] = found.ways["in", "out"][1:-1]
    place = rows(found)

    assert bend.bend
    assert {place[node] for way in [found.ways["in", "check"]] for node in way} == {
        place[bend] - 0.5
    }


def test_a_second_start_stands_right_before_the_step_that_follows_it():
    found = graph({"a": (), "b": ("a",), "c": ("b", "late"), "late": ()})

    assert names(found.layers) == [["a"], ["b", "late"], ["c"]]


def test_crossing_ways_are_untangled():
    found = graph({"a": (), "b": (), "c": ("b",), "d": ("a",)})

    assert names(found.layers) in ([["a", "b"], ["d", "c"]], [["b", "a"], ["c", "d"]])


def test_no_steps_no_layers():
    assert graph({}).layers == ()
    assert rows(graph({})) == {}


@given(flows())
def test_whatever_the_flow_nothing_overlaps_and_every_way_goes_forward(after):
    found = graph(after)
    place = rows(found)

    assert sorted(name for layer in names(found.layers) for name in layer) == sorted(after)
    assert set(found.ways) == {(before, name) for name in after for before in after[name]}
    for way in found.ways.values():
        assert [node.layer for node in way] == list(range(way[0].layer, way[-1].layer + 1))
    for layer in found.layers:
        for one, other in pairwise(layer):
            room = 0.5 if one.bend or other.bend else 1.0
            assert place[other] - place[one] >= room - 0.011
    assert graph(after) == found
