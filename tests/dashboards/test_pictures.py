"""Pictures and slots: what a browser needs to be sent, and no more."""

import pytest

from dashboards.picture import Picture
from dashboards.slot import Slot


def test_the_same_picture_needs_nothing():
    one = Picture({"row-1": "<tr>"}, {"missed": ["row-1"]}, {"tiles": "<p>"})
    assert one.since(one) is None


def test_only_what_changed_is_sent_but_that_whole():
    before = Picture({"a": "1", "b": "2"}, {"missed": ["a", "b"]}, {"tiles": "x", "strip": "y"})
    after = Picture({"b": "2", "c": "3"}, {"missed": ["b", "c"]}, {"tiles": "z"})
    assert after.since(before) == {
        "rows": {"c": "3"},
        "order": {"missed": ["b", "c"]},
        "parts": {"tiles": "z"},
        "gone": ["strip"],
    }


def test_a_countdown_that_browsers_count_themselves_is_no_change():
    def shown(left: str, due: str = "99") -> Picture:
        return Picture(parts={"tiles": f'<p>due <b data-until="{due}">{left}</b> <i>2</i></p>'})

    assert shown("in 4 s").since(shown("in 5 s")) is None
    assert shown("in 4 s", due="98").since(shown("in 5 s")) is not None


async def test_a_slow_browser_gets_one_snapshot_in_place_of_all_it_missed():
    slot = Slot()
    for seq in range(1_000):
        slot.offer({"seq": seq}, lambda: {"kind": "snapshot"})
        slot.tick({"tick": seq})
    assert await slot.take() == {"kind": "snapshot"}
    assert await slot.take() == {"tick": 999}
    slot.offer({"seq": 1_000}, lambda: {"kind": "snapshot"})
    assert await slot.take() == {"seq": 1_000}


async def test_the_snapshot_is_made_when_it_is_taken():
    slot, state = Slot(), {"seq": 1}
    slot.renew(lambda: dict(state))
    state["seq"] = 2
    assert await slot.take() == {"seq": 2}


async def test_a_cleared_slot_sends_nothing_of_the_view_that_was_left():
    slot = Slot()
    slot.offer({"seq": 1}, dict)
    slot.clear()
    slot.tick({"tick": 1})
    assert await slot.take() == {"tick": 1}


@pytest.mark.parametrize("html", ['<b data-until="1" title="a>b">x</b>', "plain", ""])
def test_odd_markup_is_compared_as_it_is(html):
    assert Picture(parts={"p": html}).since(Picture(parts={"p": html})) is None
