"""Margins: a histogram that is exact at the line, in bounded room."""

from hypothesis import given
from hypothesis import strategies as st

from slatrack.domain.margins import BARS, Margins

SECONDS = st.floats(0.002, 10**7)


def counted(early=(), late=()):
    margins = Margins()
    for seconds in early:
        margins.add(-seconds, late=False)
    for seconds in late:
        margins.add(seconds, late=True)
    return margins


@given(st.lists(SECONDS, max_size=60), st.lists(SECONDS, max_size=60))
def test_no_event_is_lost_and_none_changes_sides(early, late):
    bars = counted(early, late).bars()

    assert sum(bar.on_time for bar in bars) == len(early)
    assert sum(bar.late for bar in bars) == len(late)
    assert all(not bar.on_time for bar in bars if bar.begin >= 0)
    assert all(not bar.late for bar in bars if bar.end <= 0)
    assert len(bars) <= BARS + 2


@given(st.lists(SECONDS, min_size=1, max_size=60))
def test_quantiles_are_right_to_one_percent(early):
    found = counted(early).quantile(0.5)
    half = sorted(-one for one in early)[(len(early) + 1) // 2 - 1]
    assert abs(found - half) <= abs(half) * 0.01


@given(st.lists(SECONDS, max_size=40), st.lists(SECONDS, max_size=40))
def test_what_is_stored_goes_on_as_if_it_had_not_been(early, late):
    margins = counted(early, late)
    assert Margins(margins.stored()).bars() == margins.bars()


def test_exactly_at_the_due_time_is_on_the_side_that_the_rule_says():
    margins = Margins()
    margins.add(0.0, late=False)
    margins.add(0.0, late=True)  # 24:00: at it is too late
    bars = margins.bars()
    assert [(bar.end <= 0, bar.on_time, bar.late) for bar in bars if bar.on_time or bar.late] == [
        (True, 1, 0),
        (False, 0, 1),
    ]


def test_a_million_lengths_take_the_room_of_some_thousands():
    margins = counted(early=(0.001 * 1.000021**n for n in range(1_000_000)))
    assert len(margins.on_time) < 3_000


def test_one_far_away_does_not_flatten_the_others():
    bars = counted(early=[60.0 + n / 10 for n in range(1000)], late=[86400.0 * 3]).bars()
    assert bars[0].end - bars[0].begin <= 10
    assert bars[-1].late == 1
