"""Where boxes stand and how ways run; names cut to their boxes."""

import re
from itertools import combinations

import pytest

from dashboards.flow_map_drawing import BOX, COLUMNS, drawings
from dashboards.flow_map_names import cut, lines, width
from tests.trades import trade_flow


def flow(after):
    """Return a flow of steps by the steps that they may follow."""
    entries = "".join(
        f"  - {{step: {name}, match: {{service: x}}, after: [{', '.join(before)}]}}\n"
        for name, before in after.items()
    )
    return trade_flow(f"flow: f\nevent_key: [id]\nsteps:\n{entries}")


CHAIN = {f"s{n:02}": [f"s{n - 1:02}"] if n else [] for n in range(40)}
FORKS = {
    "in": [], "a": ["in"], "b": ["in"], "c": ["in"], "audit": ["a"], "join": ["a", "b", "c"],
    "out": ["join", "in"], "archive": ["join"],
}  # fmt: skip


@pytest.mark.parametrize("after", [CHAIN, FORKS, {"alone": []}], ids=["chain", "forks", "alone"])
def test_boxes_are_apart_and_inside(after):
    for drawing in drawings(flow(after)):
        assert set(drawing.boxes) == set(after)
        for one, other in combinations(drawing.boxes.values(), 2):
            assert abs(one.x - other.x) >= BOX[0] or abs(one.y - other.y) >= BOX[1]
        for corner in drawing.boxes.values():
            assert 0 <= corner.x <= drawing.width - BOX[0]
            assert 0 <= corner.y <= drawing.height - BOX[1]


@pytest.mark.parametrize("after", [CHAIN, FORKS], ids=["chain", "forks"])
def test_ways_run_from_box_to_box_inside_the_drawing(after):
    across, down = drawings(flow(after))
    for before, name in across.paths:
        start, end = across.boxes[before], across.boxes[name]
        path = across.paths[before, name]
        assert path.startswith(f"M{start.x + BOX[0]:g} {start.y + BOX[1] / 2:g}")
        assert f"{end.x:g} {end.y + BOX[1] / 2:g}" in path or f"H{end.x:g}" in path
        assert all(0 <= float(x) <= across.width for x in re.findall(r"H(-?[\d.]+)", path))
        assert down.paths[before, name].startswith(f"M{down.boxes[before].x + BOX[0] / 2:g} ")


def test_forty_steps_fill_bands_as_wide_as_the_screen():
    across, _ = drawings(flow(CHAIN))

    columns = {corner.x for corner in across.boxes.values()}
    assert len(columns) <= COLUMNS
    assert across.width <= 1240
    tops = [corner.y for name, corner in sorted(across.boxes.items())]
    assert tops == sorted(tops)


def test_ways_that_go_on_in_the_next_band_do_not_share_a_line():
    after = {**CHAIN, "s12": ["s11", "s02"], "s13": ["s12", "s03"]}
    across, _ = drawings(flow(after))

    levels = [re.findall(r"V([\d.]+)H", path)[0] for path in across.paths.values() if "V" in path]
    assert len(levels) == len(set(levels))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("acknowledged", ("acknowledged",)),
        ("regulator-sink-writer", ("regulator-sink-", "writer")),
        ("ConnectorSinkRegulator", ("ConnectorSink", "Regulator")),
        ("nameinonepieceandverylong", ("namein…verylong",)),
    ],
)
def test_names_break_at_a_seam_or_lose_their_middle(name, told):
    assert lines(name, 15) == told


@pytest.mark.parametrize("name", ["W" * 50, "i" * 80, "a-" * 40, "Ü" * 30, " ", "x"])
def test_no_line_is_wider_than_its_room(name):
    assert len(lines(name, 15)) <= 2
    assert all(width(line) <= 15.5 for line in lines(name, 15))
    assert width(cut(name, 15)) <= 15.5
