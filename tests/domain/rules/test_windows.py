import pytest

from slatrack.domain.rules import State
from tests.domain.rules.examples import TRF, ask, at, open_time, window

SHORT = {**TRF, "close": "20:00", "early_close": "17:00"}
NIGHT = {"calendar": "WEEKDAYS", "tz": "America/New_York", "open": "00:00", "close": "24:00"}
TOKYO = {"session": "XTKS", "breaks": "exclude"}


@pytest.mark.parametrize(
    ("rule", "start", "due_at"),
    [
        (window(), "2026-06-15T08:00-04:00", "2026-06-15T08:15-04:00"),  # exactly at open
        (window(), "2026-06-15T07:59:59.999999-04:00", "2026-06-15T08:15-04:00"),
        (window(), "2026-06-15T18:20-04:00", "2026-06-15T18:35-04:00"),
        (window(overflow="next_open"), "2026-06-15T18:15-04:00", "2026-06-15T18:30-04:00"),
        (window(overflow="next_open"), "2026-06-15T18:16-04:00", "2026-06-16T08:15-04:00"),
        (window(at_close="inside"), "2026-06-15T18:30-04:00", "2026-06-15T18:45-04:00"),
        (
            window(at_close="inside", overflow="next_open"),
            "2026-06-15T18:30-04:00",
            "2026-06-16T08:15-04:00",
        ),
        (window(SHORT), "2026-11-27T16:59-05:00", "2026-11-27T17:14-05:00"),
        (window(SHORT), "2026-11-27T17:00-05:00", "2026-11-30T08:15-05:00"),
        (window(plus="PT0S"), "2026-06-13T12:00-04:00", "2026-06-15T08:00-04:00"),
        (window(TOKYO), "2026-06-15T11:45+09:00", "2026-06-15T12:45+09:00"),  # after lunch
        (window({"session": "XTKS"}), "2026-06-15T11:45+09:00", "2026-06-15T12:00+09:00"),
        # Friday closes as Saturday begins: the close belongs to the day before.
        (window(NIGHT, at_close="inside"), "2026-06-13T00:00-04:00", "2026-06-13T00:15-04:00"),
        (window(NIGHT), "2026-06-13T00:00-04:00", "2026-06-15T00:15-04:00"),
        # Hours that touch at midnight have no close between them.
        (window(NIGHT, overflow="next_open"), "2026-06-15T23:55-04:00", "2026-06-16T00:10-04:00"),
        (window(NIGHT, overflow="next_open"), "2026-06-12T23:55-04:00", "2026-06-15T00:15-04:00"),
    ],
)
def test_an_allowance_inside_opening_hours(rule, start, due_at):
    assert ask(rule, start).due_at == at(due_at)


@pytest.mark.parametrize(
    ("rule", "start", "due_at"),
    [
        (open_time("PT2H", TRF), "2026-06-15T17:30-04:00", "2026-06-16T09:00-04:00"),
        (open_time("PT1H", TRF), "2026-06-15T17:30-04:00", "2026-06-15T18:30-04:00"),
        (open_time("PT1H", TRF), "2026-06-15T18:30-04:00", "2026-06-16T09:00-04:00"),
        (open_time("PT0S", TRF), "2026-06-13T12:00-04:00", "2026-06-15T08:00-04:00"),
        (open_time("PT21H", TRF), "2026-06-15T08:00-04:00", "2026-06-16T18:30-04:00"),
        (open_time("PT24H", NIGHT), "2026-03-06T12:00-05:00", "2026-03-09T12:00-04:00"),
        (open_time("PT3H", TOKYO), "2026-06-15T09:00+09:00", "2026-06-15T13:00+09:00"),
        (
            open_time("PT3H", {"session": "XTKS"}),
            "2026-06-15T09:00+09:00",
            "2026-06-15T12:00+09:00",
        ),
    ],
)
def test_time_that_runs_only_while_open(rule, start, due_at):
    assert ask(rule, start).due_at == at(due_at)


def test_why_it_is_later_is_told():
    found = ask(window(), "2027-03-25T19:00-04:00")
    assert found.reasons[0] == "Fri 26 Mar closed: Good Friday"
    assert found.reasons[-1] == "outside the opening hours: counted from the next open"


def test_the_first_day_that_is_known_can_be_used():
    assert ask(window(), "2018-01-02T08:00-05:00").due_at == at("2018-01-02T08:15-05:00")


@pytest.mark.parametrize("rule", [window(), open_time("PT2H", TRF)])
@pytest.mark.parametrize("start", ["2032-12-31T20:00-05:00", "2017-12-31T12:00-05:00"])
def test_past_the_horizon(rule, start):
    assert ask(rule, start).state is State.CANNOT_CALCULATE
