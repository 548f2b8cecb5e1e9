"""A second implementation of the rules, as slow and as simple as can be.

It walks through time minute by minute, looks at the clock on the wall, and asks whether the doors
are open. It shares with the real one only the list of closed days and the time-zone data.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from slatrack.domain.calendars import Calendars
from slatrack.domain.zones import zone

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SHIPPED = Calendars.shipped()


def minutes_from(start: datetime) -> Iterator[datetime]:
    while True:
        yield start
        start += MINUTE


def is_open_day(codes: tuple[str, ...], day: date) -> bool:
    return all(SHIPPED.closed_reason(code, day) is None for code in codes)


def wall_clock(day: date, time: str, tz: str, gap: str, overlap: str) -> datetime:
    """The instant that shows `time` on `day`, found by watching the clock from before to after."""
    if time == "24:00":
        day, time = day + DAY, "00:00"
    wanted = datetime.fromisoformat(f"{day} {time}")
    watch = wanted.replace(tzinfo=zone("UTC")) - timedelta(hours=15)
    shown_at, passed_at, before = [], None, None
    for instant in minutes_from(watch):
        shown = instant.astimezone(zone(tz)).replace(tzinfo=None)
        if shown == wanted:
            shown_at.append(instant)
        if passed_at is None and shown > wanted:
            passed_at, skipped = instant, wanted - before - MINUTE
        before = shown
        if instant - watch > timedelta(hours=30):
            break
    if shown_at:
        return shown_at[0 if overlap == "first" else -1]
    return passed_at + (skipped if gap == "shift" else timedelta(0))


def add_months(day: date, n: int, replaced: int | None) -> date:
    """Walk from first to first, then back from the 31st to a day that exists."""
    first = day.replace(day=1)
    for _ in range(abs(n)):
        first = (first + (timedelta(days=31) if n > 0 else -DAY)).replace(day=1)
    wanted = replaced or day.day
    while wanted:
        try:
            return first.replace(day=wanted)
        except ValueError:
            wanted -= 1
    raise AssertionError("every month has a first")


def moved(day: date, codes: tuple[str, ...], convention: str) -> date:
    """The nearest open day in the convention's direction."""
    if convention == "none":
        return day
    found, way = day, -DAY if convention == "preceding" else DAY
    while not is_open_day(codes, found):
        found += way
    if convention == "modified_following" and (found.year, found.month) != (day.year, day.month):
        return moved(day, codes, "preceding")
    return found


def cutoff(rule: dict, start: datetime, later: int = 0) -> datetime:
    """`later`: so many units more; a rule may ask for more until its answer has not passed."""
    base, add, dst = rule["base"], rule["add"], rule["dst"]
    named = add.get("calendar", {"all_open": []})
    codes = tuple(named["all_open"]) if isinstance(named, dict) else (named,)
    local = start.astimezone(zone(base["tz"]))
    day, shown = local.date(), f"{local:%H:%M:%S.%f}"
    if "day_ends" in base:
        end = f"{base['day_ends']}:00.000000"
        if shown > end or (shown == end and base["at_boundary"] == "next"):
            day += DAY
    while base.get("to") == "year_end" and (day + DAY).year == day.year:
        day += DAY
    day = moved(day, codes, base["roll"])
    left = add["n"] + later
    way = DAY if left > 0 else -DAY
    if add["unit"] == "month":
        day = add_months(day, left, add.get("day"))
    else:
        left = abs(left)
        while left:
            day += way
            left -= add["unit"] == "calendar_day" or is_open_day(codes, day)
    day = moved(day, codes, rule["roll_result"])
    at = rule["at"]
    found = wall_clock(day, at["time"], at["tz"], dst["gap"], dst["overlap"])
    passed = found <= start if at["time"] == "24:00" else found < start
    if passed and rule.get("if_past") == "next":
        return cutoff(rule, start, later + 1)
    return found


def adjusted(options: dict, due_at: datetime, midnight: bool) -> datetime:
    """Move an answer from a closed day; `midnight`: it is the end of the day before."""
    local = (due_at - MINUTE if midnight else due_at).astimezone(zone(options["tz"]))
    day = local.date()
    found = moved(day, (options["calendar"],), options["convention"])
    if found == day:
        return due_at
    shown = due_at.astimezone(zone(options["tz"]))
    same = "24:00" if midnight else f"{shown:%H:%M}"
    time = same if options["time"] == "same" else options["time"]
    return wall_clock(found, time, options["tz"], "transition", "first")


def market(window: dict, instant: datetime) -> bool:
    """Whether a market trades in the minute that begins at `instant`."""
    code = window["session"]
    found = SHIPPED.session(code, instant.astimezone(zone(SHIPPED.get(code).zone)).date())
    if found is None:
        return False
    if window["breaks"] == "ignore":
        return found.open <= instant < found.close
    return any(begin <= instant < end for begin, end in found.segments)


def doors(window: dict, instant: datetime) -> bool:
    """Whether a window is open in the minute that begins at `instant`, by the clock on its wall."""
    if "session" in window:
        return market(window, instant)
    local = instant.astimezone(zone(window["tz"]))
    if not is_open_day((window["calendar"],), local.date()):
        return False
    half = SHIPPED.half_day(window["calendar"], local.date())
    close = window["early_close"] if half and "early_close" in window else window["close"]
    return window["open"] <= f"{local:%H:%M}" < close


def next_open(window: dict, start: datetime) -> datetime:
    """The first minute after `start` in which the doors open."""
    was = doors(window, start)
    for instant in minutes_from(start + MINUTE):
        now = doors(window, instant)
        if now and not was:
            return instant
        was = now
    raise AssertionError("unreachable")


def window(rule: dict, start: datetime, inside: timedelta, plus: timedelta) -> datetime:
    hours = rule["window"]
    at_close = doors(hours, start - MINUTE) and rule["at_close"] == "inside"
    if not doors(hours, start) and not at_close:
        return next_open(hours, start) + plus
    due_at = start + inside
    if rule["overflow"] == "next_open":
        walked = start
        while walked < due_at:
            if not doors(hours, walked):
                return next_open(hours, start) + plus
            walked += MINUTE
    return due_at


def open_time(rule: dict, start: datetime, amount: timedelta) -> datetime:
    left = amount // MINUTE
    for instant in minutes_from(start):
        left -= doors(rule["window"], instant)
        if left == 0:
            return instant + MINUTE
    raise AssertionError("unreachable")


def session(rule: dict, start: datetime) -> datetime:
    """Count the minutes in which the market opens or closes: lunch is over within two hours."""
    left = rule["n"]
    first = start if rule["search"] == "at_or_after" else start + MINUTE
    for instant in minutes_from(first):
        local = instant.astimezone(zone(SHIPPED.get(rule["calendar"]).zone))
        found = SHIPPED.session(rule["calendar"], local.date())
        if found is not None:
            left -= instant == (found.open if rule["anchor"] == "open" else found.close)
        if left == 0:
            return instant
    raise AssertionError("unreachable")
