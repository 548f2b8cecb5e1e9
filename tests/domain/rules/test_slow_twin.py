"""The rules against their slow twin, at any time, and mostly where clocks change."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slatrack.domain.durations import parse_duration
from slatrack.domain.rules import Clock, due, parse
from tests.domain.rules import slow_twin
from tests.domain.rules.examples import SHIPPED

MINUTE = timedelta(minutes=1)
# Near these instants a clock somewhere changes, a year ends, or a long holiday begins.
EDGES = [
    "2018-11-04T03:00Z", "2019-02-17T02:00Z",  # Sao Paulo: no midnight, then two
    "2026-04-04T15:00Z", "2026-10-03T15:30Z",  # Lord Howe: half an hour
    "2026-04-05T03:00Z", "2026-09-06T04:00Z",  # Santiago: midnight again
    "2026-03-08T07:00Z", "2026-11-01T06:00Z",  # New York
    "2026-03-29T01:00Z", "2026-10-25T01:00Z",  # Europe
    "2024-02-29T00:00Z", "2026-12-31T23:00Z", "2028-01-01T00:00Z", "2026-11-27T18:00Z",
]  # fmt: skip
ZONES = ["America/Sao_Paulo", "Australia/Lord_Howe", "America/Santiago", "America/New_York",
         "Europe/Berlin", "Asia/Tokyo", "UTC"]  # fmt: skip
CODES = ["XNYS", "XLON", "XASX", "TARGET", "US_FEDERAL", "WEEKDAYS"]
TIMES = ["00:00", "00:30", "01:30", "02:00", "02:15", "02:30", "08:00", "16:15", "23:59", "24:00"]
PATIENT = settings(deadline=None)


def near(edge: str) -> st.SearchStrategy[datetime]:
    around = st.integers(-60 * 50, 60 * 50)
    return around.map(lambda minutes: datetime.fromisoformat(edge) + minutes * MINUTE)


ANY_TIME = st.integers(0, 60 * 24 * 365 * 13).map(
    lambda minutes: datetime(2018, 6, 1, tzinfo=UTC) + minutes * MINUTE
)
STARTS = st.sampled_from(EDGES).flatmap(near) | ANY_TIME
DST = st.fixed_dictionaries(
    {
        "gap": st.sampled_from(["transition", "shift"]),
        "overlap": st.sampled_from(["first", "second"]),
    }
)
CONVENTIONS = st.sampled_from(["none", "following", "preceding", "modified_following"])
COUNTS = st.one_of(
    st.fixed_dictionaries(
        {
            "unit": st.just("business_day"),
            "n": st.integers(0, 6),
            "calendar": st.sampled_from(CODES),
        }
    ),
    st.fixed_dictionaries(
        {"unit": st.just("calendar_day"), "n": st.integers(0, 40), "calendar": st.just("TARGET")}
    ),
    st.fixed_dictionaries(
        {"unit": st.just("month"), "n": st.integers(0, 14), "calendar": st.just("XLON")},
        optional={"day": st.integers(1, 31)},
    ),
)
CUTOFFS = st.fixed_dictionaries(
    {
        "kind": st.just("cutoff"),
        "from": st.just("ingress"),
        "base": st.fixed_dictionaries(
            {
                "tz": st.sampled_from(ZONES),
                "roll": CONVENTIONS,
                "at_boundary": st.sampled_from(["current", "next"]),
            },
            optional={"day_ends": st.sampled_from(TIMES[1:])},
        ),
        "add": COUNTS,
        "roll_result": CONVENTIONS,
        "at": st.fixed_dictionaries({"time": st.sampled_from(TIMES), "tz": st.sampled_from(ZONES)}),
        "dst": DST,
    }
)
HOURS = st.builds(
    lambda code, tz, times: {"calendar": code, "tz": tz, **times},
    st.sampled_from(CODES),
    st.sampled_from(ZONES),
    st.sampled_from(
        [
            {"open": "08:00", "close": "18:30"},
            {"open": "00:00", "close": "24:00"},
            {"open": "09:30", "close": "16:00", "early_close": "13:00"},
            {"open": "20:15", "close": "23:45"},
        ]
    ),
)
WINDOWS = st.fixed_dictionaries(
    {
        "kind": st.just("window"),
        "from": st.just("ingress"),
        "window": HOURS,
        "at_close": st.sampled_from(["outside", "inside"]),
        "inside": st.sampled_from(["PT1M", "PT15M", "PT3H"]),
        "overflow": st.sampled_from(["keep", "next_open"]),
        "outside": st.just({"to": "next_open", "plus": "PT15M"}),
    }
)
OPEN_TIMES = st.fixed_dictionaries(
    {
        "kind": st.just("open_time"),
        "from": st.just("ingress"),
        "window": HOURS,
        "amount": st.sampled_from(["PT1M", "PT2H", "PT10H30M"]),
    }
)
SESSIONS = st.fixed_dictionaries(
    {
        "kind": st.just("session"),
        "from": st.just("ingress"),
        "calendar": st.sampled_from(["XNYS", "XTKS", "XASX", "XHKG"]),
        "anchor": st.sampled_from(["open", "close"]),
        "search": st.sampled_from(["after", "at_or_after"]),
        "n": st.integers(1, 2),
    }
)


def answer(rule: dict, start: datetime) -> datetime | None:
    return due(parse(rule), Clock(start), calendars=SHIPPED).due_at


@PATIENT
@given(CUTOFFS, STARTS)
def test_cutoffs(rule, start):
    assert answer(rule, start) == slow_twin.cutoff(rule, start)


@PATIENT
@given(WINDOWS, STARTS)
def test_windows(rule, start):
    inside, plus = parse_duration(rule["inside"]), parse_duration(rule["outside"]["plus"])
    assert answer(rule, start) == slow_twin.window(rule, start, inside, plus)


@PATIENT
@given(OPEN_TIMES, STARTS)
def test_open_time(rule, start):
    assert answer(rule, start) == slow_twin.open_time(rule, start, parse_duration(rule["amount"]))


@PATIENT
@given(SESSIONS, STARTS)
def test_sessions(rule, start):
    assert answer(rule, start) == slow_twin.session(rule, start)


KEPT_DST = {"gap": "transition", "overlap": "first"}


@settings(deadline=None)
@given(CUTOFFS | OPEN_TIMES | SESSIONS, STARTS, st.integers(0, 5 * 24 * 60))
def test_a_later_start_is_never_due_earlier(rule, start, minutes):
    if "dst" in rule:
        # A second 01:30 belongs to the same day, but "preceding" and a replaced day may go back.
        rule = {**rule, "dst": KEPT_DST, "roll_result": "none"}
        rule["base"] = {**rule["base"], "roll": "following"}
    first, second = answer(rule, start), answer(rule, start + minutes * MINUTE)
    assert first <= second


@settings(deadline=None)
@given(WINDOWS | OPEN_TIMES | SESSIONS, STARTS, st.integers(0, 59_999_999))
def test_nothing_is_due_before_it_starts(rule, start, microseconds):
    start += timedelta(microseconds=microseconds)
    found = due(parse({**rule, "warn": [{"before": "PT5H"}]}), Clock(start), calendars=SHIPPED)
    assert start <= found.warnings[0] <= found.due_at


@pytest.mark.parametrize("kind", ["earliest", "latest"])
@settings(deadline=None)
@given(rules=st.lists(CUTOFFS | WINDOWS | SESSIONS, min_size=1, max_size=3), start=STARTS)
def test_earliest_and_latest_are_minimum_and_maximum(kind, rules, start):
    pick = min if kind == "earliest" else max
    expected = pick(answer(rule, start) for rule in rules)
    assert answer({"kind": kind, "of": rules}, start) == expected


@PATIENT
@given(CUTOFFS, STARTS, st.integers(1, 4), st.sampled_from(ZONES))
def test_what_is_due_on_a_later_day_is_never_due_before_it_starts(rule, start, days, tz):
    rule = {
        **rule,
        "base": {**rule["base"], "tz": tz, "roll": "following"},
        "add": {"unit": "business_day", "n": days, "calendar": "TARGET"},
        "roll_result": "following",
        "at": {**rule["at"], "tz": tz},
    }
    assert answer(rule, start) >= start
