import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slatrack.domain.forecasts.pace import FASTEST, SLOWEST, Pace, Under, pace
from slatrack.domain.forecasts.remaining import Remaining
from slatrack.domain.forecasts.survival import Observed, kaplan_meier

DICE = random.Random(5)
WHOLE = Remaining(kaplan_meier(Observed(DICE.expovariate(0.2), True) for _ in range(1000)))


def stream(*, slower: float = 1.0, stops_at: float = 1e9, until: float = 200.0) -> list[Under]:
    """Two events a second that take 5 s on average, `slower` times as long from second 100 on."""
    found = []
    for number in range(int(until * 2)):
        started = number / 2
        took = DICE.expovariate(0.2) * (slower if started > 100 else 1)
        arrived = started + took
        found.append(Under(started, None if arrived > min(until, stops_at) else arrived))
    return found


def test_as_history_has_it_the_pace_is_about_one():
    found = pace(stream(), WHOLE, now=200, window=60)

    assert found.ratio == pytest.approx(1, abs=0.2)
    assert found.expected == pytest.approx(found.observed, rel=0.25)
    assert found.stopped is None


def test_a_sink_that_slows_down_is_seen():
    found = pace(stream(slower=4), WHOLE, now=200, window=60)

    assert 0.3 < found.ratio < 0.8
    assert found.stopped is None


def test_a_sink_that_stops_is_told_by_nobodys_arriving():
    found = pace(stream(stops_at=180), WHOLE, now=200, window=60)

    assert found.stopped == pytest.approx(20, abs=3)
    assert found.ratio == pytest.approx(1, abs=0.2)  # those that wait do so for one reason
    assert found.expected > 20
    assert found.stays(found.stopped) == pytest.approx(0.5**1.5)
    assert found.stays(found.resumes(0.9)) == pytest.approx(0.1)


def test_how_long_a_stop_has_lasted_is_counted_from_the_last_arrival_however_long_ago():
    last = Under(10, 20)
    waiting = [Under(20 + n, None) for n in range(180)]

    found = pace([last, *waiting], WHOLE, now=200, window=15)

    assert found.stopped == 180
    assert found.stays(180) == pytest.approx(0.5**1.5)


def test_events_that_one_task_holds_up_slow_nobody_down():
    """A third of them wait since second 180, all others arrive as usual."""
    usual = [one for n, one in enumerate(stream(until=200)) if n % 3]
    held = [Under(180 + n, None) for n in range(14)]
    once = pace([*usual, *held], WHOLE, now=200, window=60)
    many = pace([*usual, *held * 10], WHOLE, now=200, window=60)

    assert once.ratio > 0.9
    assert many.ratio > 0.9
    assert once.stopped is None


def test_no_more_are_expected_than_there_are():
    """However long they are overdue."""
    found = pace([Under(0, None)] * 40, WHOLE, now=150, window=1000)

    assert found.expected <= 40


def test_what_is_not_stopped_does_not_stay_so():
    assert (Pace().stays(5), Pace().resumes(0.95)) == (0, 0)


def test_nobody_there_is_no_stop():
    assert pace([], WHOLE, now=200, window=60).ratio == 1


def test_one_that_is_stuck_for_long_stops_nobody():
    found = pace([Under(0, None)], WHOLE, now=10_000, window=60)

    assert found.stopped is None
    assert found.ratio > 0.7


def test_of_waits_longer_than_any_in_history_nothing_is_expected():
    """Many that wait for what nobody knows yet are no stop."""
    found = pace([Under(0, None)] * 50, WHOLE, now=200, window=60)

    assert (found.stopped, found.expected) == (None, 0)


@given(
    st.lists(
        st.builds(Under, st.floats(0, 100), st.none() | st.floats(0, 200)),
        max_size=30,
    )
)
def test_the_pace_stays_within_reason(events):
    found = pace(events, WHOLE, now=150, window=60)

    assert SLOWEST <= found.ratio <= FASTEST
    assert found.expected >= 0
