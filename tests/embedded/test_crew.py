import threading
import time

import pytest

from slatrack.embedded.crew import Alarm, Crew


def until_told(stop: threading.Event) -> None:
    stop.wait()


def test_a_crew_works_until_it_is_told_to_stop():
    alarm = Alarm()
    crew = Crew(alarm)
    crew.start("clerk", until_told)
    assert crew.dismiss(within=5) == []
    assert not alarm.rings.is_set()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("no ink"), "scribe failed: ValueError('no ink')"),
        (SystemExit(3), "scribe failed: SystemExit(3)"),
    ],
)
def test_the_first_failure_rings_and_is_named(
    caplog: pytest.LogCaptureFixture, error: BaseException, reason: str
):
    alarm = Alarm()
    crew = Crew(alarm)
    crew.start("clerk", until_told)

    def fail(stop: threading.Event) -> None:
        raise error

    crew.start("scribe", fail)
    assert alarm.rings.wait(5)
    assert alarm.reason == reason
    alarm.ring("later trouble")
    assert alarm.reason.startswith("scribe failed")
    crew.dismiss(within=5)
    assert "scribe failed" in caplog.text


def test_a_worker_that_ends_by_itself_is_a_failure():
    alarm = Alarm()
    Crew(alarm).start("clerk", lambda stop: None)
    assert alarm.rings.wait(5)
    assert alarm.reason == "clerk ended, although nobody told it to"


def test_a_failure_while_stopping_is_none():
    alarm = Alarm()
    crew = Crew(alarm)

    def fail_late(stop: threading.Event) -> None:
        stop.wait()
        raise ConnectionError

    crew.start("clerk", fail_late)
    assert crew.dismiss(within=5) == []
    assert not alarm.rings.is_set()


def test_who_does_not_stop_is_named_and_not_waited_for():
    crew = Crew(Alarm())
    released = threading.Event()
    crew.start("mule", lambda stop: bool(released.wait()))
    started = time.monotonic()
    assert crew.dismiss(within=0.05) == ["mule"]
    assert time.monotonic() - started < 5
    released.set()
