"""The shipped calendars, at dates that anybody can look up."""

from datetime import date, datetime, timedelta

import pytest

from slatrack.domain.calendars import CODES, EXCHANGE_CODES, Calendars
from slatrack.domain.zones import zone

SHIPPED = Calendars.shipped()


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_calendar_can_be_read_and_is_whole(code):
    calendar = SHIPPED.get(code)
    first, last = SHIPPED.horizon(code)

    assert calendar.code == code
    assert (first, last >= date(2026, 12, 31)) == (date(2018, 1, 1), True)
    assert bool(calendar.hours) == (code in EXCHANGE_CODES)
    assert zone(calendar.zone)
    assert all(first <= off <= last and off.weekday() < 5 for off in calendar.closed)
    assert not set(calendar.closed) & set(calendar.short)
    year = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    assert 240 <= sum(calendar.closed_reason(off) is None for off in year) <= 261


@pytest.mark.parametrize(
    ("code", "on", "reason"),
    [
        ("XNYS", "2026-04-03", "Good Friday"),
        ("XNYS", "2025-01-09", "National Day of Mourning for former President Jimmy Carter"),
        ("XNYS", "2026-06-19", "Juneteenth National Independence Day"),
        ("XNYS", "2026-10-12", None),  # Columbus Day: banks and bonds rest, shares trade
        ("SIFMA_US", "2026-10-12", "Columbus Day"),
        ("SIFMA_US", "2026-04-03", None),  # Good Friday with payroll figures: an early close
        ("US_FEDERAL", "2026-07-03", "Independence Day (observed)"),
        ("US_FED", "2026-07-03", None),  # Reserve Banks do not move a Saturday's holiday
        ("US_FEDERAL", "2025-12-26", None),  # closed by order only
        ("US_FEDERAL", "2021-12-31", "New Year's Day (observed)"),
        ("TARGET", "2026-05-01", "Labour Day"),
        ("TARGET", "2026-05-14", None),  # Ascension Day is no TARGET holiday
        ("GB_EW", "2022-09-19", "State Funeral of Queen Elizabeth II"),
        ("GB_EW", "2026-12-28", "Boxing Day (observed)"),
        ("XHKG", "2023-09-01", "Trading Suspended for the Whole Day due to Severe Weather"),
        ("XETR", "2026-12-24", "Christmas Eve"),
        ("WEEKDAYS", "2026-12-25", None),
        ("WEEKDAYS", "2026-12-26", "weekend"),
    ],
)
def test_closed_days(code, on, reason):
    assert SHIPPED.closed_reason(code, day(on)) == reason


@pytest.mark.parametrize(
    ("code", "on", "opens", "closes", "half"),
    [
        ("XNYS", "2026-06-15", "09:30", "16:00", False),
        ("XNYS", "2026-11-27", "09:30", "13:00", True),
        ("XLON", "2026-12-24", "08:00", "12:30", True),
        ("XASX", "2025-12-24", "10:00", "14:10", True),
        ("XHKG", "2026-02-16", "09:30", "12:00", True),
        ("XTKS", "2024-11-01", "09:00", "15:00", False),
        ("XTKS", "2024-11-05", "09:00", "15:30", False),
        ("XSWX", "2026-06-15", "09:00", "17:30", False),
        ("XPAR", "2026-12-31", "09:00", "14:05", True),
        ("XTSE", "2026-12-24", "09:30", "13:00", True),
        ("XETR", "2026-06-15", "09:00", "17:30", False),
    ],
)
def test_sessions(code, on, opens, closes, half):
    session = SHIPPED.session(code, day(on))
    place = zone(SHIPPED.get(code).zone)

    assert session.open.astimezone(place).replace(tzinfo=None) == datetime.fromisoformat(
        f"{on} {opens}"
    )
    assert session.close.astimezone(place).replace(tzinfo=None) == datetime.fromisoformat(
        f"{on} {closes}"
    )
    assert session.half_day is half


@pytest.mark.parametrize(("code", "segments"), [("XTKS", 2), ("XHKG", 2), ("XNYS", 1)])
def test_lunch_breaks(code, segments):
    session = SHIPPED.session(code, day("2026-06-15"))
    assert len(session.segments) == segments
    assert session.segments[0][0] == session.open
    assert session.segments[-1][1] == session.close
