"""Write the calendar snapshot that slatrack ships, and say where two sources differ.

Exchange sessions come from exchange-calendars, bank calendars from holidays; the exchanges are
then compared with holidays, date by date. Run it in an environment with ci.lock installed:

    python scripts/make_calendars.py --version 2026.11 > differences.txt

The files under slatrack/domain/calendars/data are rewritten; read the diff before committing it.
"""

import argparse
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import exchange_calendars
import holidays
import pandas as pd  # type: ignore[import-untyped]

# The snapshot's place, its years, and the words of its lines.
DATA = Path(__file__).parent.parent / "slatrack" / "domain" / "calendars" / "data"
FIRST, LAST = date(2018, 1, 1), date(2032, 12, 31)
YEARS = range(FIRST.year, LAST.year + 1)
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Code here: the same market in holidays, and its name.
EXCHANGES = {
    "XNYS": ("XNYS", "New York Stock Exchange"),
    "XLON": ("XLON", "London Stock Exchange"),
    "XETR": ("XETR", "Xetra, Frankfurt"),
    "XPAR": ("XPAR", "Euronext Paris"),
    "XAMS": ("XAMS", "Euronext Amsterdam"),
    "XBRU": ("XBRU", "Euronext Brussels"),
    "XSWX": ("XSWX", "SIX Swiss Exchange"),
    "XTSE": ("XTSE", "Toronto Stock Exchange"),
    "XTKS": ("XJPX", "Tokyo Stock Exchange"),
    "XHKG": ("XHKG", "Hong Kong Stock Exchange"),
    "XSES": ("XSES", "Singapore Exchange"),
    "XASX": ("XASX", "Australian Securities Exchange"),
}
LAST_KNOWN = {"XSES": date(2026, 12, 31)}  # moon-sighted holidays are published year by year

# Days on which holidays is right. 2023: exchange_calendars pull request 603 cites HKEX's notices
# 2309012news and 2309083news, all sessions cancelled. 2029: worked out, no notice yet; the day
# after Mid-Autumn is a Sunday, so by the General Holidays Ordinance the next weekday is kept.
CLOSED_AFTER_ALL = {
    "XHKG": {date(2023, 9, 1), date(2023, 9, 8), date(2029, 9, 24)},
}

# exchange-calendars has no half days here; the dates are those of holidays.
HALF_DAYS = {"XSES": "09:00-12:00"}

# Office closures by executive order are no legal public holidays (5 U.S.C. 6103).
BY_ORDER = {"Christmas Eve", "Day After Christmas", "National Day of Mourning"}


def main() -> None:
    """Rewrite every file and print the differences between the sources."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--version", required=True, help="what verdicts will name, as 2026.11")
    options = parser.parse_args()
    DATA.mkdir(exist_ok=True)
    for code, (other, title) in EXCHANGES.items():
        write_exchange(code, other, title)
    write_banks()
    sources = f"exchange-calendars {version('exchange-calendars')}, holidays {version('holidays')}"
    write("VERSION", [options.version, f"made from {sources}"])


def write(name: str, lines: list[str]) -> None:
    """Write one data file."""
    (DATA / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def head(code: str, title: str, zone: str, last: date) -> list[str]:
    """Return the lines every calendar begins with."""
    return [
        "# Made by scripts/make_calendars.py: change it there.",
        f"code {code}",
        f"title {title}",
        f"zone {zone}",
        f"known {FIRST} {last}",
        "week mon tue wed thu fri",
    ]


def days(last: date) -> Iterator[date]:
    """Yield every Monday to Friday of the snapshot."""
    day = FIRST
    while day <= last:
        if day.weekday() < 5:
            yield day
        day += timedelta(days=1)


def write_exchange(code: str, other: str, title: str) -> None:
    """Write one exchange: its hours, closed days and short days."""
    last = LAST_KNOWN.get(code, LAST)
    market = exchange_calendars.get_calendar(code, start=str(FIRST), end=str(last))
    sessions = {row.Index.date(): hours(row, market.tz) for row in market.schedule.itertuples()}
    for day in CLOSED_AFTER_ALL.get(code, ()):
        sessions.pop(day, None)
    closed, short = names(other), names(other, category="half_day")
    if code in HALF_DAYS:
        sessions |= {day: HALF_DAYS[code] for day in short if day in sessions}
    named = rule_names(market, last)
    lines = head(code, title, str(market.tz), last) + regular(sessions)
    usual = dict(line.split()[1:] for line in lines if line.startswith("hours"))
    for day in days(last):
        if day not in sessions:
            lines.append(f"{day} closed {closed.get(day) or named.get(day, 'Market closed')}")
        elif sessions[day] != usual_on(usual, day):
            lines.append(f"{day} {sessions[day]} {tidy(short.get(day, 'Short day'))}")
    write(f"{code}.txt", lines)
    report(code, set(days(last)) - set(sessions), closed, last, "closed")
    if short:
        halves = {day for day in sessions if sessions[day] != usual_on(usual, day)}
        report(code, halves, short, last, "short")


def hours(row: Any, zone: Any) -> str:
    """Return one session's local opening hours, as 09:00-11:30,12:30-15:00."""
    open_, pause, resume, close = (
        "" if pd.isna(at) else at.tz_convert(zone).strftime("%H:%M")
        for at in (row.open, row.break_start, row.break_end, row.close)
    )
    return f"{open_}-{pause},{resume}-{close}" if pause else f"{open_}-{close}"


def regular(sessions: dict[date, str]) -> list[str]:
    """Return the usual hours, a line whenever they changed for more than a month."""
    lines: list[str] = []
    now = ""
    ordered = sorted(sessions)
    for index, day in enumerate(ordered):
        ahead = [sessions[later] for later in ordered[index : index + 25]]
        if sessions[day] != now and ahead.count(sessions[day]) > len(ahead) * 3 // 4 > 10:
            now = sessions[day]
            lines.append(f"hours {day if lines else FIRST} {now}")
    return lines


def usual_on(usual: dict[str, str], day: date) -> str:
    """Return the usual hours in force on a day."""
    return usual[max(since for since in usual if since <= str(day))]


def names(code: str, category: str = "public") -> dict[date, str]:
    """Return what `holidays` calls each weekday off (or half off), in English."""
    kind = holidays.financial_holidays(code)
    if category not in kind.supported_categories:
        return {}
    english = "en_US" if "en_US" in kind.supported_languages else None
    found = holidays.financial_holidays(code, years=YEARS, language=english, categories=category)
    return {day: name for day, name in found.items() if day.weekday() < 5}


def rule_names(market: Any, last: date) -> dict[date, str]:
    """Return what exchange-calendars calls the days off that follow a rule."""
    if market.regular_holidays is None:
        return {}
    found = market.regular_holidays.holidays(str(FIRST), str(last), return_name=True)
    return {day.date(): str(name) for day, name in found.items()}


def tidy(name: str) -> str:
    """Drop the closing time from a half day's name: the line says it already."""
    return name.split(" (markets close")[0].split(" (Half-Day")[0]


def report(code: str, ours: set[date], theirs: dict[date, str], last: date, what: str) -> None:
    """Print on which days only one source says `what`."""
    other = {day for day in theirs if FIRST <= day <= last}
    for day in sorted(ours ^ other):
        who = "exchange-calendars" if day in ours else "holidays"
        note = f" ({theirs[day]})" if day in theirs else ""
        sys.stdout.write(f"{code} {day:%Y-%m-%d %a} {what} only in {who}{note}\n")


def write_banks() -> None:
    """Write the calendars that have days but no trading hours."""
    target, fed = names("XECB"), names("XFED")
    write_bank("TARGET", "TARGET, the euro payment system", "Europe/Berlin", target)
    write_bank("US_FED", "Federal Reserve Banks", "America/New_York", fed)
    federal = holidays.country_holidays("US", years=range(2018, 2034), categories="government")
    legal = {day: name for day, name in federal.items() if not name.startswith(tuple(BY_ORDER))}
    write_bank("US_FEDERAL", "US federal legal holidays", "America/New_York", legal)
    england = holidays.country_holidays("GB", subdiv="ENG", years=YEARS)
    title = "Bank holidays of England and Wales"
    write_bank("GB_EW", title, "Europe/London", dict(england.items()))
    write_bank("WEEKDAYS", "Monday to Friday", "UTC", {})
    write_bonds()


def write_bank(code: str, title: str, zone: str, off: dict[date, str]) -> None:
    """Write one calendar of days."""
    closed = [f"{day} closed {off[day]}" for day in days(LAST) if day in off]
    write(f"{code}.txt", head(code, title, zone, LAST) + closed)


def write_bonds() -> None:
    """Write the US bond market: recommended days off, and recommended early closes."""
    off, short = names("XSIF"), names("XSIF", category="half_day")
    lines = head("SIFMA_US", "US bond market (SIFMA recommendations)", "America/New_York", LAST)
    for day in days(LAST):
        if day in off:
            lines.append(f"{day} closed {off[day]}")
        elif day in short:
            close = "12:00" if "12:00pm" in short[day] else "14:00"
            lines.append(f"{day} closes {close} {tidy(short[day])}")
    write("SIFMA_US.txt", lines)


if __name__ == "__main__":
    main()
