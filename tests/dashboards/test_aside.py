"""Work that nobody waits for."""

from threading import Event, current_thread, enumerate

from django.db import connection

from dashboards.aside import Aside
from slatrack import gently

SOON = 10.0  # seconds


def is_gone() -> bool:
    return not any(thread.name == "aside" for thread in enumerate())


def await_end(aside: Aside) -> None:
    for thread in enumerate():
        if thread.name == "aside":
            thread.join(SOON)
    assert is_gone()
    assert not aside._thread


def test_it_is_done_in_order_by_one_thread_that_ends_with_it():
    aside, done, go = Aside(), [], Event()

    aside(lambda: go.wait(SOON))
    for number in range(3):
        aside(lambda number=number: done.append((number, current_thread())))
    assert not done
    go.set()
    await_end(aside)

    assert [number for number, _ in done] == [0, 1, 2]
    assert len({thread for _, thread in done}) == 1
    assert current_thread() not in {thread for _, thread in done}


def test_after_the_end_there_is_a_new_thread_for_new_work():
    aside, done = Aside(), []
    for number in range(2):
        aside(lambda number=number: done.append(number))
        await_end(aside)
    assert done == [0, 1]


def test_what_fails_is_logged_and_stops_nothing(caplog):
    aside, done = Aside(), []

    def fails():
        raise LookupError("no such thing")

    aside(fails)
    aside(lambda: done.append(True))
    await_end(aside)

    assert done == [True]
    assert "no such thing" in caplog.text


def test_it_is_done_gently():
    aside, found = Aside(), []
    aside(lambda: found.append(gently.resting()))
    await_end(aside)
    assert found == [connection.vendor == "postgresql"]
    assert not gently.resting()
