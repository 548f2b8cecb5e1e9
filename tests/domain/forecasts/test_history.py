import pytest

from slatrack.domain.forecasts.courses import Passage
from slatrack.domain.forecasts.history import (
    ENOUGH,
    ENOUGH_OF_SOME,
    START,
    Basis,
    History,
    Past,
    passages,
)
from slatrack.domain.forecasts.remaining import LONGEST


def past(took: float = 20.0, *, started: float = 0.0, cohort: str = "", hour: int = 9) -> Past:
    steps = (("received", 1.0), ("enriched", 5.0), ("reported", took))
    return Past(started, cohort, hour, steps, (("reported", took),), took, ended=True)


def test_passages_of_an_event_that_arrived():
    [one] = passages([past()], "received", "reported")

    assert one == Passage(stayed=4.0, total=19.0, arrived=True)
    assert list(passages([past()], START, "reported")) == [Passage(1.0, 20.0, True)]


def test_an_event_on_its_way_was_watched_so_long_and_no_longer():
    waiting = past()._replace(
        steps=(("received", 1.0), ("enriched", 5.0)), reached=(), watched=30.0, ended=False
    )

    assert list(passages([waiting], "received", "reported")) == [Passage(4.0, 29.0, False)]
    assert list(passages([waiting], "enriched", "reported")) == [Passage(25.0, 25.0, False)]
    assert list(passages([waiting], "reported", "reported")) == []


def test_an_event_that_ended_without_it_never_reaches_it():
    ended = past()._replace(reached=())

    [one] = passages([ended], "enriched", "reported")

    assert (one.total, one.arrived, one.never) == (LONGEST - 5.0, False, True)


def test_a_step_after_the_end_says_nothing():
    both = past()._replace(reached=(("received", 1.0), ("reported", 20.0)))

    assert list(passages([both], "reported", "received")) == []
    assert list(passages([past()], "unheard of", "reported")) == []


@pytest.mark.parametrize(
    ("count", "of_some", "basis"),
    [
        (ENOUGH - 1, 0, None),
        (ENOUGH, 0, Basis(ENOUGH)),
        (ENOUGH, ENOUGH_OF_SOME - 1, Basis(ENOUGH + ENOUGH_OF_SOME - 1)),
        (ENOUGH, ENOUGH_OF_SOME, Basis(ENOUGH_OF_SOME, "equity", 14)),
    ],
)
def test_the_narrowest_history_that_suffices_speaks(count, of_some, basis):
    others = [past(cohort="bond", hour=3) for _ in range(count)]
    alike = [past(cohort="equity", hour=14) for _ in range(of_some)]

    spoken = History([*others, *alike]).speaks("received", "reported", cohort="equity", hour=14)

    assert (spoken and spoken.basis) == basis


def test_a_cohort_speaks_at_all_hours_before_an_hour_speaks_for_all_cohorts():
    mine = [past(cohort="equity", hour=n % 24) for n in range(ENOUGH_OF_SOME)]
    others = [past(cohort="bond", hour=14) for _ in range(ENOUGH_OF_SOME)]
    history = History([*mine, *others])

    known = history.speaks("received", "reported", cohort="equity", hour=14)
    unknown = history.speaks("received", "reported", cohort="fund", hour=14)

    assert known
    assert known.basis == Basis(ENOUGH_OF_SOME, "equity", None)
    assert unknown
    assert unknown.basis == Basis(ENOUGH_OF_SOME + 4, None, 14)


def test_events_without_a_cohort_are_no_cohort():
    history = History([past(hour=14) for _ in range(ENOUGH_OF_SOME)])

    known = history.speaks("received", "reported", cohort="", hour=14)

    assert known
    assert known.basis == Basis(ENOUGH_OF_SOME, None, 14)


def test_what_began_before_all_that_ended_is_left_out():
    """Else events that are stuck for days would outweigh a history of minutes."""
    stuck = past()._replace(started=-5000.0, reached=(), watched=9000.0, ended=False)
    begun = stuck._replace(started=10.0, watched=50.0)
    history = History([past(started=n) for n in range(30)] + [stuck, begun])

    assert history.speaks_for_all(START, "reported").curves[0].curve.at(20) == pytest.approx(1 / 31)
