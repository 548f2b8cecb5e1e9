from datetime import UTC, datetime, timedelta

import pytest

from slatrack.domain.rules import Clock, State, due, parse
from slatrack.domain.rules.cutoff import MANY_DAYS
from tests.domain.rules.examples import SHIPPED, ask, at, cutoff, days, months

BERLIN = "Europe/Berlin"
LATE = {"day_ends": "16:15", "roll": "following"}


@pytest.mark.parametrize(
    ("base", "start", "due_at"),
    [
        (LATE, "2026-06-15T16:15:00-04:00", "2026-06-16T08:00-04:00"),  # at the boundary: today
        (LATE, "2026-06-15T16:15:00.000001-04:00", "2026-06-17T08:00-04:00"),
        ({**LATE, "at_boundary": "next"}, "2026-06-15T16:15:00-04:00", "2026-06-17T08:00-04:00"),
        (LATE, "2026-06-12T17:00:00-04:00", "2026-06-16T08:00-04:00"),  # Friday late: Monday's
        ({"roll": "none"}, "2026-06-13T12:00:00-04:00", "2026-06-15T08:00-04:00"),
        ({"roll": "following"}, "2026-06-13T12:00:00-04:00", "2026-06-16T08:00-04:00"),
        ({"roll": "preceding"}, "2026-06-13T12:00:00-04:00", "2026-06-15T08:00-04:00"),
    ],
)
def test_the_day_an_event_counts_for(base, start, due_at):
    assert ask(cutoff(base=base), start).due_at == at(due_at)


@pytest.mark.parametrize(
    ("n", "start", "due_at"),
    [
        (0, "2026-06-19T12:00-04:00", "2026-06-19T08:00-04:00"),  # a holiday, but nothing counted
        (2, "2026-06-18T12:00-04:00", "2026-06-23T08:00-04:00"),
        (-1, "2026-06-22T12:00-04:00", "2026-06-18T08:00-04:00"),
        (1, "2026-11-26T12:00-05:00", "2026-11-27T08:00-05:00"),  # a half day is a whole day
        (1, "2032-12-30T12:00-05:00", "2032-12-31T08:00-05:00"),  # the last day that is known
    ],
)
def test_business_days(n, start, due_at):
    assert ask(cutoff(add={"n": n}), start).due_at == at(due_at)


def test_all_calendars_must_be_open():
    both = cutoff(add={"calendar": {"all_open": ["XNYS", "XLON"]}})
    found = ask(both, "2026-05-01T12:00-04:00")  # Mon 4 May is a holiday in London only

    assert found.due_at == at("2026-05-05T08:00-04:00")
    assert "Mon 4 May closed: May Day (XLON)" in found.reasons


@pytest.mark.parametrize(
    ("rule", "start", "due_at"),
    [
        (months(1, day=15), "2026-12-10T10:00Z", "2027-01-16T00:00+01:00"),
        (months(1, day=31), "2026-01-05T10:00Z", "2026-03-01T00:00+01:00"),
        (months(-1), "2026-03-31T10:00Z", "2026-03-01T00:00+01:00"),
        (months(0, day=20), "2026-05-31T10:00Z", "2026-05-21T00:00+02:00"),
        (months(4, base={"to": "year_end"}), "2026-03-01T10:00Z", "2027-05-01T00:00+02:00"),
    ],
)
def test_months(rule, start, due_at):
    found = ask(rule, start)
    assert found.due_at == at(due_at)
    assert found.strict


@pytest.mark.parametrize(
    ("convention", "due_at"),
    [
        ("following", "2026-06-01T12:00+02:00"),
        ("preceding", "2026-05-29T12:00+02:00"),
        ("modified_following", "2026-05-29T12:00+02:00"),
        ("none", "2026-05-31T12:00+02:00"),
    ],
)
def test_a_result_on_a_closed_day_rolls(convention, due_at):
    rule = days(1, "12:00", BERLIN, roll_result=convention)
    rule["add"]["calendar"] = "TARGET"
    assert ask(rule, "2026-05-30T10:00Z").due_at == at(due_at)  # to Sun 31 May


@pytest.mark.parametrize(
    ("add", "start", "due_at"),
    [
        ({"n": 0}, "2026-06-18T21:00:00-04:00", "2026-06-18T21:00-04:00"),  # just in time
        ({"n": 0}, "2026-06-18T21:00:00.000001-04:00", "2026-06-22T21:00-04:00"),
        ({"unit": "calendar_day", "n": 0}, "2026-06-18T22:00-04:00", "2026-06-19T21:00-04:00"),
        ({"unit": "month", "n": 0, "day": 5}, "2026-06-18T22:00-04:00", "2026-07-05T21:00-04:00"),
    ],
)
def test_a_cutoff_that_has_passed_moves_on_if_told_to(add, start, due_at):
    rule = cutoff("21:00", add=add, if_past="next")
    assert ask(rule, start).due_at == at(due_at)


def test_a_cutoff_that_has_passed_is_kept_by_default():
    found = ask(cutoff("21:00", add={"n": 0}), "2026-06-18T22:00-04:00")
    assert found.due_at == at("2026-06-18T21:00-04:00")


def test_the_deadline_may_be_in_another_place_than_the_day():
    rule = {**cutoff("09:00", "Asia/Tokyo"), "base": {"tz": "America/New_York"}}
    found = ask(rule, "2026-06-16T01:00Z")  # still Mon 15 June in New York
    assert found.due_at == at("2026-06-16T09:00+09:00")


@pytest.mark.parametrize(
    ("dst", "tz", "time", "start", "due_at"),
    [
        ({}, "America/New_York", "02:30", "2026-03-07T12:00Z", "2026-03-08T07:00Z"),
        ({"gap": "shift"}, "America/New_York", "02:30", "2026-03-07T12:00Z", "2026-03-08T07:30Z"),
        ({}, "America/New_York", "01:30", "2026-10-31T12:00Z", "2026-11-01T05:30Z"),
        (
            {"overlap": "second"},
            "America/New_York",
            "01:30",
            "2026-10-31T12:00Z",
            "2026-11-01T06:30Z",
        ),
        ({}, "Australia/Lord_Howe", "02:15", "2026-10-03T00:00Z", "2026-10-03T15:30Z"),  # 30 min
        (
            {"gap": "shift"},
            "Australia/Lord_Howe",
            "02:15",
            "2026-10-03T00:00Z",
            "2026-10-03T15:45Z",
        ),
        ({}, "America/Sao_Paulo", "00:00", "2018-11-03T12:00Z", "2018-11-04T03:00Z"),
        ({}, "America/Santiago", "00:30", "2026-09-05T12:00Z", "2026-09-06T04:00Z"),
    ],
)
def test_times_that_do_not_exist_or_exist_twice(dst, tz, time, start, due_at):
    assert ask({**days(1, time, tz), "dst": dst}, start).due_at == at(due_at)


def test_the_midnight_that_ends_a_day_may_be_skipped():
    found = ask(days(0, "24:00", "America/Sao_Paulo"), "2018-11-03T12:00Z")
    assert found.due_at == at("2018-11-04T03:00Z")
    assert found.strict


def test_past_the_horizon_nothing_is_assumed():
    found = ask(cutoff(), "2032-12-31T12:00-05:00")

    assert found.due_at is None
    assert found.state is State.CANNOT_CALCULATE
    assert found.reasons[0] == (
        "cannot calculate: XNYS is known from 2018-01-01 to 2032-12-31, and 2033-01-01 lies "
        "outside: update the calendars"
    )


@pytest.mark.parametrize("start", ["9999-12-31T12:00Z", "0001-01-01T12:00Z"])
def test_the_ends_of_time_are_no_crash(start):
    far = 3 if start.startswith("9") else -3
    found = ask(days(far, "12:00", BERLIN), start)
    assert found.state is State.CANNOT_CALCULATE


def test_closed_days_are_told():
    found = ask(cutoff(tz="Europe/London", add={"calendar": "XLON"}), "2026-04-02T12:00Z")
    assert found.reasons == (
        "Fri 3 Apr closed: Good Friday",
        "Sat 4 Apr closed: weekend",
        "Sun 5 Apr closed: weekend",
        "Mon 6 Apr closed: Easter Monday",
    )


def test_many_closed_days_are_told_briefly():
    found = ask(cutoff(add={"n": 100}), "2026-04-02T12:00Z")
    assert len(found.reasons) == 21
    assert found.reasons[-1].endswith("more closed days")


def test_what_is_remembered_is_bounded():
    calendars = SHIPPED.with_closures({})
    rule = parse(days(0, "12:00", BERLIN))
    for n in range(MANY_DAYS + 10):
        start = datetime(1970, 1, 1, 12, tzinfo=UTC) + timedelta(days=n)
        due(rule, Clock(start), calendars=calendars)
    assert len(calendars.memo(rule)) == 10
