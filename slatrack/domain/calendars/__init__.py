"""Calendars: on which days a market or a bank is open, and its hours, as dated data."""

from slatrack.domain.calendars.calendar import (
    Calendar,
    CalendarError,
    OutsideHorizonError,
    Session,
    UnknownCalendarError,
)
from slatrack.domain.calendars.collection import Calendars
from slatrack.domain.calendars.snapshot import CODES, EXCHANGE_CODES

__all__ = [
    "CODES",
    "EXCHANGE_CODES",
    "Calendar",
    "CalendarError",
    "Calendars",
    "OutsideHorizonError",
    "Session",
    "UnknownCalendarError",
]
