"""Where instants lie in a drawing, and which of its marks have room for a word."""

from datetime import UTC, datetime

import pytest

from dashboards.axis import BILLION, Axis, Mark, ticks, worded

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_an_instant_beyond_the_axis_lies_at_its_end():
    across = Axis(0, 100 * BILLION)
    assert [across.at(n * BILLION) for n in (-5, 0, 25, 100, 500)] == [0, 0, 25, 100, 100]
    assert not across.holds(101 * BILLION)


def test_the_shortest_span_can_be_seen_and_none_reaches_beyond_the_end():
    across = Axis(0, 1000 * BILLION)
    assert across.width(0, 1) > 0.2
    assert across.width(999 * BILLION, 5000 * BILLION) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("seconds", "first"),
    [(0.001, "0.2 ms"), (1, "200 ms"), (60, "10 s"), (1000, "5 min"), (86400, "4 h")],
)
def test_ticks_are_round(seconds, first):
    found = [word for _, word in ticks(Axis(0, int(seconds * BILLION)))]
    assert found[0] == "0"
    assert len(found) <= 9
    assert found[1] == first


def test_half_seconds_beyond_one_are_told_in_seconds():
    found = [word for _, word in ticks(Axis(0, int(1.9 * BILLION)))]
    assert found == ["0", "500 ms", "1 s", "1.5 s"]


def test_no_tick_s_word_is_cut_off_at_the_end():
    assert [word for _, word in ticks(Axis(0, 61 * BILLION))][-1] == "50 s"
    assert [word for _, word in ticks(Axis(0, 65 * BILLION))][-1] == "1 min"


@pytest.mark.parametrize(
    ("places", "told"),
    [
        ({"warn": 40, "due": 70}, {"warn": "behind", "due": "behind"}),
        ({"warn": 60, "now": 70, "due": 95}, {"warn": "before", "now": "behind", "due": "before"}),
        ({"warn": 8, "due": 12}, {"warn": "silent", "due": "behind"}),
    ],
)
def test_words_stand_where_there_is_room(places, told):
    marks = worded([Mark(kind, x, NOON) for kind, x in places.items()])
    found = {m.kind: "silent" if m.silent else "before" if m.before else "behind" for m in marks}
    assert found == told
