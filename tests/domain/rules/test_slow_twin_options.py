"""The rarer kinds and options against the slow twin: backwards, year's end, breaks, adjustments."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from slatrack.domain.durations import parse_duration
from slatrack.domain.rules import Clock, due, parse
from slatrack.domain.zones import zone
from tests.domain.rules import slow_twin
from tests.domain.rules.examples import SHIPPED
from tests.domain.rules.test_slow_twin import (
    CODES,
    CONVENTIONS,
    CUTOFFS,
    SESSIONS,
    STARTS,
    WINDOWS,
    ZONES,
    answer,
)

FEW = settings(deadline=None, max_examples=20)
LATER = STARTS.filter(lambda start: start.year >= 2019)  # what is counted back from lies before
SEVERAL = st.lists(st.sampled_from(CODES), min_size=2, max_size=3, unique=True)
BACKWARDS = st.fixed_dictionaries(
    {
        "unit": st.sampled_from(["business_day", "calendar_day", "month"]),
        "n": st.integers(-6, 6),
        "calendar": SEVERAL.map(lambda codes: {"all_open": codes}) | st.sampled_from(CODES),
    }
)
MARKETS = st.fixed_dictionaries(
    {
        "session": st.sampled_from(["XTKS", "XHKG", "XNYS"]),
        "breaks": st.sampled_from(["ignore", "exclude"]),
    }
)
ADJUST = st.fixed_dictionaries(
    {
        "calendar": st.sampled_from(CODES),
        "tz": st.sampled_from(ZONES),
        "convention": CONVENTIONS,
        "time": st.sampled_from(["same", "12:00", "02:30"]),
    }
)


@FEW
@given(CUTOFFS, BACKWARDS, LATER, st.booleans(), st.booleans())
def test_cutoffs_that_count_back_from_year_s_end_or_never_lie_in_the_past(
    rule, add, start, year_end, past
):
    rule = {**rule, "add": add, "if_past": "next" if past and add["n"] >= 0 else "keep"}
    if year_end and start.year < 2030:
        rule["base"] = {**rule["base"], "to": "year_end"}

    assert answer(rule, start) == slow_twin.cutoff(rule, start)


@FEW
@given(WINDOWS, MARKETS, LATER)
def test_windows_of_a_market_with_or_without_its_break(rule, market, start):
    rule = {**rule, "window": market}
    inside, plus = parse_duration(rule["inside"]), parse_duration(rule["outside"]["plus"])

    assert answer(rule, start) == slow_twin.window(rule, start, inside, plus)


@FEW
@given(MARKETS, LATER, st.sampled_from(["PT1M", "PT2H", "PT10H30M"]))
def test_time_that_runs_while_a_market_is_open(market, start, amount):
    rule = {"kind": "open_time", "from": "ingress", "window": market, "amount": amount}

    assert answer(rule, start) == slow_twin.open_time(rule, start, parse_duration(amount))


@FEW
@given(SESSIONS, LATER, st.sampled_from(["-PT30M", "PT0S", "PT2H"]))
def test_sessions_with_an_offset(rule, start, offset):
    due_at = answer({**rule, "offset": offset}, start)

    assert due_at == slow_twin.session(rule, start) + parse_duration(offset)


@FEW
@given(LATER, st.integers(0, 59_999_999), st.integers(-300, 3000), st.booleans())
def test_durations(start, microseconds, minutes, whole_hours):
    """The slow way: walk to the next full hour, then minute by minute."""
    start += timedelta(microseconds=microseconds)
    rule = {
        "kind": "duration",
        "from": "ingress",
        "amount": f"{'-' * (minutes < 0)}PT{abs(minutes)}M",
    }
    expected = start
    if whole_hours:
        rule["start_round"] = "next_full_hour"
        expected = start.replace(second=0, microsecond=0) + slow_twin.MINUTE
        while expected.minute:
            expected += slow_twin.MINUTE
    for _ in range(abs(minutes)):
        expected += slow_twin.MINUTE if minutes > 0 else -slow_twin.MINUTE

    assert answer(rule, start) == expected


@FEW
@given(CUTOFFS | WINDOWS | SESSIONS, ADJUST, LATER)
def test_answers_on_closed_days(rule, adjust, start):
    plain = due(parse(rule), Clock(start), calendars=SHIPPED)
    local = plain.due_at.astimezone(zone(adjust["tz"]))
    midnight = plain.strict and (local.hour, local.minute) == (0, 0)
    kept = {**rule, "adjust": adjust, "dst": {"gap": "transition", "overlap": "first"}}
    without = due(parse({**kept, "adjust": {**adjust, "convention": "none"}}), Clock(start),
                  calendars=SHIPPED)  # fmt: skip
    if without.due_at != plain.due_at:
        return  # its own odd times were another matter

    assert answer(kept, start) == slow_twin.adjusted(adjust, plain.due_at, midnight)


@FEW
@given(st.lists(CUTOFFS | SESSIONS, min_size=3, max_size=3), LATER, st.sampled_from(ZONES))
def test_versions_and_switches_pick_one_of_their_rules(rules, start, tz):
    begins = ["2021-01-01", "2025-12-31", "2028-01-01"]
    versions = [
        {"effective_from": begin, "rule": rule} for begin, rule in zip(begins, rules, strict=True)
    ]
    day = f"{start.astimezone(zone(tz)):%Y-%m-%d}"
    begun = [rule for begin, rule in zip(begins, rules, strict=True) if begin <= day]
    expected = answer(begun[-1], start) if begun else None

    assert answer({"kind": "versions", "tz": tz, "versions": versions}, start) == expected
    switch = {
        "kind": "switch",
        "branches": [
            {"when": {"attr": "n", "in": [number]}, "rule": rule}
            for number, rule in enumerate(rules)
        ],
    }
    for number, rule in enumerate(rules):
        clock = Clock(start, attributes={"n": number})
        assert due(parse(switch), clock, calendars=SHIPPED).due_at == answer(rule, start)
