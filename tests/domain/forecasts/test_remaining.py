import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slatrack.domain.forecasts.courses import FEW, Passage, course
from slatrack.domain.forecasts.remaining import LONGEST, Remaining
from slatrack.domain.forecasts.survival import Observed, kaplan_meier

seconds = st.floats(0, 200)
paces = st.floats(0.001, 2)
curves = st.lists(
    st.builds(Observed, st.floats(0.1, 60), st.booleans(), st.just(1.0)), max_size=30
).map(lambda observed: Remaining(kaplan_meier(observed)))


def arrivals(*times: float) -> Remaining:
    return Remaining(kaplan_meier(Observed(t, True) for t in times))


@given(curves, seconds, seconds, paces)
def test_a_probability_is_one(remaining, waited, slack, pace):
    assert 0 <= remaining.late(waited, slack, pace=pace) <= 1


@given(curves, seconds, seconds, seconds, paces)
def test_more_time_is_never_worse(remaining, waited, slack, more, pace):
    longer = remaining.late(waited, slack + more, pace=pace)

    assert longer <= remaining.late(waited, slack, pace=pace) + 1e-12


@given(curves, seconds, seconds, paces)
def test_a_slower_pace_is_never_better(remaining, waited, slack, pace):
    assert remaining.late(waited, slack, pace=pace / 2) >= remaining.late(waited, slack, pace=pace)


@given(curves, st.floats(1, 200), st.floats(0, 1), st.floats(0, 1), paces)
def test_waiting_towards_a_fixed_due_time_never_makes_it_better(remaining, due, one, other, pace):
    early, late = sorted((one * due, other * due))

    sooner = remaining.late(early, due - early, pace=pace)

    assert remaining.late(late, due - late, pace=pace) >= sooner - 1e-12


@given(curves, seconds, st.floats(0.1, 20), st.floats(1, 200))
def test_beyond_history_the_longer_it_waits_the_likelier_it_is_late(remaining, past, more, slack):
    waited = remaining.curve.longest + 1 + past

    assert remaining.late(waited + more, slack) >= remaining.late(waited, slack)


def test_beyond_history_half_are_left_after_twice_as_long():
    assert arrivals(1, 2, 3).late(4, 4) == pytest.approx(0.5)


@given(curves, seconds, st.floats(0.01, 0.99), paces)
def test_a_quantile_is_where_the_probability_says(remaining, waited, sure, pace):
    within = remaining.within(waited, sure, pace=pace)

    if within is not None:
        assert remaining.late(waited, within * (1 + 1e-9) + 1e-9, pace=pace) <= 1 - sure + 1e-6
        if within > 1e-6:
            assert remaining.late(waited, within * 0.999, pace=pace) >= 1 - sure - 1e-6


def test_nothing_is_certain_and_less_so_with_little_history():
    little, much = arrivals(*[5.0] * 20), arrivals(*[5.0] * 1000)

    assert little.late(0, 10) > much.late(0, 10) > 0


def test_what_is_further_away_than_anybody_could_tell_is_never():
    assert arrivals(10, 20).within(15, 0.5, pace=1e-6) is None
    assert arrivals(10, 20).within(LONGEST, 0.95) is None


def test_no_time_left_is_late():
    assert arrivals(1, 2).late(1, 0) == 1


def test_the_hazard_is_what_an_exponential_has():
    rate = 0.2
    many = arrivals(*(-math.log(1 - (n + 0.5) / 4000) / rate for n in range(4000)))

    assert many.hazard(3) == pytest.approx(rate * 3, rel=0.01)


def test_an_event_that_is_still_there_is_like_those_that_were():
    """Nine of ten leave at once and arrive at 10 s, the others stay for 8 s and arrive at 60 s."""
    quick = [Passage(0.5 + n / 1000, 10.0, True) for n in range(900)]
    slow = [Passage(8.0, 60.0, True) for _ in range(100)]

    found = course([*quick, *slow])

    assert found.after(0).late(0, 20) == pytest.approx(0.1, abs=0.01)
    assert found.after(5).late(5, 20) > 0.9
    assert found.after(5).late(5, 56) < 0.05


def test_a_landmark_that_few_have_passed_is_none():
    passages = [Passage(1.0 + n / 1000, 5.0, True) for n in range(40)]
    passages += [Passage(9.0, 20.0, True) for _ in range(FEW - 1)]

    assert max(course(passages).landmarks) < 2


def test_of_waits_longer_than_any_arrival_those_in_flight_say_nothing_however_many():
    """One stuck task may hold up all of them, and free all of them at once."""
    arrived = [Passage(0.5 + n / 100, 1.0 + n / 100, True) for n in range(100)]

    alone, crowd = (
        course([*arrived, *[Passage(w, w, False) for w in range(3, 15)] * many]) for many in (1, 50)
    )

    assert crowd.after(5).late(5, 15) == pytest.approx(alone.after(5).late(5, 15), abs=0.001)
    assert crowd.after(5).late(5, 15) == pytest.approx(5 / 20, abs=0.001)
    assert crowd.after(0).late(0, 1.5) > 0.8  # but that many have not arrived by then they do say


def test_what_never_arrives_is_late_however_long_others_take():
    arrived = [Passage(1.0, 1.0 + n / 100, True) for n in range(100)]
    lost = [Passage(1.0, LONGEST - 1, False, never=True) for _ in range(100)]

    assert course([*arrived, *lost]).after(0).late(0, 3600) == pytest.approx(0.5, abs=0.01)


def test_no_passages_are_no_knowledge():
    assert course([]).arrivals == 0
    assert course([]).after(3).late(3, 10) == 1
