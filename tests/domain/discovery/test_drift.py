"""A new way and a step that is gone are told; chance, age and known work are not."""

import pytest

from slatrack.domain.discovery.drift import Walk, drift
from slatrack.domain.discovery.places import Place
from tests.spans import NOON_NS, SECOND
from tests.trades import trade_flow

AUDIT = Place("auditor", "consumer", "trades.audit")
NOW = NOON_NS + 10_000 * SECOND
STEPS = ("received", "accepted", "enriched", "reported")


def walk(number, steps=STEPS, strays=(), ended=True):
    start = NOON_NS + number * SECOND
    seen = {step: start + n * SECOND for n, step in enumerate(steps)}
    return Walk(f"T{number}", start, seen, dict.fromkeys(strays, "accepted"), ended)


def found(walks, now=NOW):
    return drift(trade_flow(), walks, now=now)


def test_a_new_place_is_told_with_since_when_how_often_and_where():
    walks = [walk(n, strays=[AUDIT] if n >= 60 and n % 2 == 0 else []) for n in range(100)]

    [one] = found(reversed(walks))

    assert (one.place, one.after, one.before) == (AUDIT, "accepted", 60)
    assert one.since == walks[60].start
    assert (one.share, one.journeys) == (0.5, 40)
    assert one.examples == ("T94", "T96", "T98")


@pytest.mark.parametrize(
    "shows",
    [
        lambda n: True,  # from the start: nobody says it is new
        lambda n: n in (70, 90),  # twice
        lambda n: n >= 15 and n % 10 == 5,  # rare, so that its first time says nothing
    ],
)
def test_what_chance_explains_is_not_told(shows):
    assert found(walk(n, strays=[AUDIT] if shows(n) else []) for n in range(100)) == []


def test_work_that_a_step_speaks_for_is_not_told():
    sent = Place("someone", "producer", "trades.accepted")
    called = Place("enricher", "client", name="GET prices")

    assert found(walk(n, strays=[sent, called] if n > 50 else []) for n in range(100)) == []


def test_a_step_that_is_gone_is_told():
    without = ("received", "accepted", "reported")
    walks = [walk(n, STEPS if n < 80 else without) for n in range(100)]

    [one] = found(walks)

    assert (one.step, one.since, one.journeys) == ("enriched", walks[80].start, 20)
    assert (one.before, one.share_before) == (80, 1.0)


def test_the_last_step_is_gone_only_when_events_are_old_enough():
    walks = [walk(n, STEPS if n < 80 else STEPS[:3], ended=n < 80) for n in range(100)]

    assert [one.step for one in found(walks)] == ["reported"]
    assert found(walks, now=walks[82].start + SECOND) == []


def test_a_step_that_was_never_usual_is_not_missed():
    walks = [walk(n, STEPS if n % 3 == 0 and n < 60 else STEPS[:2]) for n in range(100)]

    assert found(walks) == []


def test_a_difference_has_the_same_ident_each_time():
    walks = [walk(n, strays=[AUDIT] if n >= 60 else []) for n in range(100)]
    more = [*walks, *(walk(n, strays=[AUDIT]) for n in range(100, 140))]

    assert found(walks)[0].ident == found(more)[0].ident
