"""When a live view is drawn: at once after a pause, never more than four times a second."""

import asyncio
import time
from dataclasses import dataclass

from dashboards.live_views import View
from dashboards.picture import Picture
from dashboards.stream import GAP, PRESS, SHARE, Stream


@dataclass(frozen=True)
class Costly(View):
    """A view that computes for so many seconds."""

    seconds: float = 0.0
    permission = ""
    every = 60.0

    def wants(self, journeys, incidents):
        return True

    def draw(self, *, now):
        end = time.thread_time() + self.seconds
        while time.thread_time() < end:
            pass
        return Picture()


def drawn(view):
    stream = Stream(view)
    began = time.monotonic()
    asyncio.run(stream.refresh())
    return stream, began


def test_a_new_view_is_due_at_once_and_then_when_it_looks_by_itself():
    assert Stream(Costly()).due_at() <= time.monotonic()

    stream, began = drawn(Costly())
    assert stream.due_at() >= began + Costly.every


def test_news_after_a_drawing_waits_for_the_next_frame_and_no_longer():
    stream, began = drawn(Costly())
    stream.tell(["x"], None)

    assert began + GAP <= stream.due_at() <= time.monotonic() + GAP


def test_what_is_costly_to_draw_rests_longer():
    stream, began = drawn(Costly(seconds=0.12))
    stream.tell(["x"], None)

    assert stream.due_at() >= began + SHARE * 0.12 > began + GAP


def test_pressing_news_does_not_wait_for_the_next_frame():
    stream, began = drawn(Costly())
    stream.tell(["x"], None, pressing=True)

    assert stream.due_at() < began + GAP


def test_pressing_news_comes_before_its_frame_at_most_once_in_a_while():
    stream, _ = drawn(Costly())
    stream.tell(["x"], None, pressing=True)
    asyncio.run(stream.refresh())
    again = stream._began
    stream.tell(["x"], None, pressing=True)

    assert again + GAP <= stream.due_at() < again + PRESS


def test_pressing_news_waits_for_what_is_costly_to_draw():
    stream, began = drawn(Costly(seconds=0.12))
    stream.tell(["x"], None, pressing=True)

    assert stream.due_at() >= began + SHARE * 0.12
