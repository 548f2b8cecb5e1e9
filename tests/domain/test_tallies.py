"""Tallies: the same in any chunks and over a crash, with exact counts and bounded lists."""

import json
from datetime import UTC, datetime, timedelta

from slatrack.domain.hindsight import NOT_APPLICABLE, Hindsight, Outcome
from slatrack.domain.tallies import MOST_NAMED, MOST_REASONS, NEVER, OTHER, Tally

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def late(seconds, *, warned=1):
    due = NOON + timedelta(minutes=15)
    points = tuple(NOON + timedelta(minutes=n) for n in range(warned))
    reached = due + timedelta(seconds=seconds)
    outcome = Outcome.MISSED if seconds > 0 else Outcome.MET
    return Hindsight(outcome, points, due, reached, float(seconds))


def test_differences_from_the_rule_in_force_are_counted_and_named():
    tally = Tally()
    tally.add("both", NOON, late(5), late(5))
    tally.add("newly", NOON, late(9), late(-100))
    tally.add("no longer", NOON, late(-1), late(3))
    tally.add("new deadline", NOON, late(7), None)
    tally.add("other", NOON, NOT_APPLICABLE, late(1))

    assert (tally.newly_missed, tally.no_longer_missed) == (1, 2)
    assert [one.key for one in tally.named("newly_missed")] == ["newly"]
    assert {one.key for one in tally.named("no_longer_missed")} == {"no longer", "other"}
    assert [one.key for one in tally.named("worst")] == ["newly", "new deadline", "both"]
    assert tally.count(tried="missed", was=NEVER) == 1
    assert tally.count() == 5


def test_the_closest_that_were_warned_of_are_named_and_no_others():
    tally = Tally()
    tally.add("close", NOON, late(-1), late(-1))
    tally.add("far", NOON, late(-60), late(-60))
    tally.add("not warned of", NOON, late(-1, warned=0), late(-1))
    tally.add("missed", NOON, late(1), late(1))

    assert [one.key for one in tally.named("warned")] == ["close", "far"]


def test_alerts_fall_on_the_day_that_they_would_have_been_sent():
    tally = Tally()
    due = NOON + timedelta(days=2)
    before = (due - timedelta(days=1),)
    tally.add("T", NOON, Hindsight(Outcome.MISSED, before, due, None, 60.0), None)

    assert {day: dict(counts) for day, counts in tally.days.items()} == {
        "2026-11-20": {"events": 1},
        "2026-11-21": {"warnings": 1},
        "2026-11-22": {"misses": 1},
    }


def test_it_goes_on_over_a_crash_as_if_there_had_been_none():
    events = [(f"T{n}", late(n % 97 - 40, warned=n % 3), late(n % 89 - 30)) for n in range(400)]
    whole, broken = Tally(), Tally()
    for number, (key, tried, force) in enumerate(events):
        whole.add(key, NOON, tried, force)
        broken.add(key, NOON, tried, force)
        if number % 50 == 0:
            broken = Tally(json.loads(json.dumps(broken.stored())))

    for name in whole.lists:
        assert broken.named(name) == whole.named(name)
        assert len(whole.named(name)) <= MOST_NAMED
    assert broken.stored()["changes"] == whole.stored()["changes"]
    assert broken.days == whole.days
    assert broken.margins.bars() == whole.margins.bars()


def test_the_worst_are_kept_whatever_the_order():
    events = [(f"T{n}", late(n + 1)) for n in range(300)]
    names = []
    for order in (events, events[::-1]):
        tally = Tally()
        for key, tried in order:
            tally.add(key, NOON, tried, None)
        names.append([one.key for one in tally.named("worst")])
    assert names[0] == names[1] == [f"T{n}" for n in range(299, 299 - MOST_NAMED, -1)]


def test_reasons_and_days_that_attributes_make_take_bounded_room():
    tally = Tally()
    for n in range(1500):
        reason = f"attribute x is no RFC 3339 time: {n}"
        tally.add(f"T{n}", NOON, Hindsight(Outcome.WAITING, reason=reason), None)
        due = NOON - timedelta(days=n)
        tally.add(f"M{n}", NOON, Hindsight(Outcome.MISSED, (), due, None, 1.0), None)
    assert len(tally.reasons) == MOST_REASONS + 1
    assert tally.reasons[OTHER] == 1500 - MOST_REASONS
    assert len(tally.days) <= 1001
    assert sum(one["misses"] for one in tally.days.values()) == 1500
