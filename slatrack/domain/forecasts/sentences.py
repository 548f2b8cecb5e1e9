"""Forecasts in words: the same on pages, in alerts and in the API."""

from datetime import UTC, datetime

from slatrack.domain.forecasts.forecast import Forecast
from slatrack.domain.forecasts.history import Basis


def percent(share: float) -> str:
    """Return a probability as people read it; nothing is certain."""
    whole = round(share * 100)
    if whole <= 0:
        return "less than 1 %"
    return "more than 99 %" if whole >= 100 else f"{whole} %"


def forecast_sentence(made: Forecast) -> str:
    """Say what is expected: "expected 14:07:10 UTC, 38 % likely to miss; last safe moment …"."""
    when = f"expected {_clock(made.expected_at)}" if made.expected_at else "nobody can tell when"
    said = f"{when}, {percent(made.p_miss)} likely to miss"
    if made.last_safe_at is None:
        return f"{said}; help is in time at no moment that can be told"
    passed = " has passed" if made.last_safe_at <= made.at else ""
    return f"{said}; last safe moment {_clock(made.last_safe_at)}{passed}"


def basis_sentence(basis: Basis, *, attribute: str = "") -> str:
    """Say whose history a forecast rests on."""
    of = f" with {attribute} {basis.cohort}" if basis.cohort is not None else ""
    at = ""
    if basis.hour is not None:
        at = f" that began between {basis.hour:02}:00 and {basis.hour:02}:59 UTC"
    return f"from {basis.events:,} past events{of}{at}"


def _clock(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%H:%M:%S UTC")
