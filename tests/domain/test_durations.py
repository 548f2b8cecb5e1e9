from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slatrack.domain.durations import LONGEST, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("PT15M", timedelta(minutes=15)),
        ("-PT60M", timedelta(hours=-1)),
        ("PT1H30M10S", timedelta(hours=1, minutes=30, seconds=10)),
        ("PT72H", timedelta(days=3)),
        ("PT0.5S", timedelta(milliseconds=500)),
        ("PT0.000001S", timedelta(microseconds=1)),
        ("PT0S", timedelta(0)),
    ],
)
def test_parse(text, amount):
    assert parse_duration(text) == amount


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("P1D", "counts days, weeks, months or years"),
        ("P1DT2H", "counts days"),
        ("P2W", "counts days, weeks"),
        ("PT", "is no duration: write hours, minutes and seconds"),
        ("", "is no duration"),
        ("15m", "is no duration"),
        ("PT1M1H", "is no duration"),
        ("+PT1M", "is no duration"),
        ("PT١M", "is no duration"),
        ("PT1.5H", "is no duration"),
        ("PT0.0000001S", "is no duration"),
        ("PT999999999H", "is longer than a hundred years"),
        ("PT1M\n", "is no duration"),
        (15, "must be text such as PT15M, not 15"),
        (None, "must be text"),
    ],
)
def test_what_is_refused(text, why):
    with pytest.raises(ValueError, match=why):
        parse_duration(text)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (timedelta(0), "PT0S"),
        (timedelta(minutes=-60), "-PT1H"),
        (timedelta(days=3), "PT72H"),
        (timedelta(minutes=61, microseconds=1500), "PT1H1M0.0015S"),
    ],
)
def test_format(amount, text):
    assert format_duration(amount) == text


@given(st.timedeltas(-LONGEST, LONGEST))
def test_round_trip(amount):
    assert parse_duration(format_duration(amount)) == amount
