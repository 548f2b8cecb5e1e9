"""What sets two cohorts apart is found, and what chance makes is not."""

import random

import pytest

from slatrack.domain.contrasts import Described, Property, PropertyKind, contrast
from slatrack.domain.contrasts.values import vocabulary

DESK, RETRIED = Property(PropertyKind.ATTRIBUTE, "desk", "rates"), PropertyKind.RETRIED


def event(*properties, **attributes):
    return Described(attributes, frozenset(properties))


def test_the_strongest_evidence_comes_first_with_its_counts():
    again = Property(RETRIED, "enriched")
    late = [event(again, desk="rates")] * 30 + [event(desk="rates")] * 10 + [event(desk="fx")] * 10
    rest = [event(desk="rates")] * 50 + [event(desk="fx")] * 150

    found = contrast(late, rest)

    assert [one.about for one in found.more] == [again, DESK]
    first = found.more[0]
    assert first.table == (30, 50, 0, 200)
    assert (first.share, first.other_share, first.exact) == (0.6, 0.0, False)
    assert found.more[1].ratio == pytest.approx(3.2)
    assert found.more[1].interval.low > 2
    assert [one.about.value for one in found.less] == ["fx"]
    assert (found.asked, list(first.examples)) == (3, [0, 1, 2])


def test_what_chance_makes_is_not_found():
    """Twenty attributes that mean nothing: about one page in twenty tells of any."""
    told = 0
    for seed in range(40):
        draw = random.Random(seed)
        events = [event(**{f"a{n}": draw.choice("xyz") for n in range(20)}) for _ in range(200)]
        found = contrast(events[:60], events[60:])
        told += bool(found.more or found.less)

    assert told <= 5


def test_few_events_prove_nothing():
    found = contrast([event(desk="rates")] * 2, [event(desk="fx")] * 2)

    assert (found.more, found.asked) == ([], 0)


def test_small_counts_are_tested_exactly():
    found = contrast([event(desk="rates")] * 6, [event(desk="fx")] * 300)

    assert [(one.about, one.exact) for one in found.more] == [(DESK, True)]


def test_ids_are_left_out_and_said_so():
    events = [event(order=f"O-{n}", desk="rates") for n in range(100)]
    found = contrast(events[:50], events[50:])

    assert found.left_out == {"order": "an id: 100 values in 100 events"}
    assert found.asked == 0, "all have the same desk"


def test_numbers_are_cut_in_quarters():
    late = [event(amount=1000.0 + n) for n in range(50)]
    rest = [event(amount=float(n)) for n in range(150)]

    found = contrast(late, rest)

    assert found.more[0].about == Property(PropertyKind.RANGE, "amount", "1000 and more")
    assert found.more[0].table == (50, 50, 0, 150)


def test_numbers_that_are_mostly_the_same_have_fewer_parts():
    numbers = [{"n": 0}] * 300 + [{"n": n} for n in range(1, 60)]
    known = vocabulary(numbers)

    assert {one.value for some in numbers for one in known.of(some)} == {"0 and more"}


def test_true_is_not_one_and_text_is_cut():
    known = vocabulary([{"a": True}, {"a": 1}, {"b": "x" * 999}])

    assert known.of({"a": True}) == [Property(PropertyKind.ATTRIBUTE, "a", "true")]
    assert len(known.of({"b": "x" * 999})[0].value) == 200


def test_what_the_cohorts_were_chosen_by_is_no_finding():
    late, rest = [event(desk="rates", v="1")] * 50, [event(desk="fx", v="1")] * 50

    assert contrast(late, rest).more
    assert not contrast(late, rest, apart=("desk",)).more


def test_nothing_is_compared_with_nothing():
    assert contrast([], [event()]).asked == 0
