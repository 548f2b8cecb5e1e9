"""Parts of a rule's sentence: calendars, where days begin and end, what becomes of closed days."""

from collections.abc import Mapping
from typing import Any

ROLLS = {
    "following": "the next open day",
    "preceding": "the open day before",
    "modified_following": "the next open day, in the next month the one before",
}
ORDINALS = {1: "next", 2: "second next", 3: "third next"}


def calendar(found: object) -> str:
    """Return "XNYS" or "XNYS and XLON", empty for none."""
    if isinstance(found, Mapping):
        return " and ".join(map(str, found.get("all_open") or []))
    return str(found) if found else ""


def ordinal(number: object) -> str:
    """Return "next", "second next", "4th next"."""
    return ORDINALS.get(number if isinstance(number, int) else 0, f"{number}th next")


def counted(add: Mapping[str, Any], origin: str) -> str:
    """Return ", 1 business day after ingress (XNYS)"."""
    count, unit = int(add.get("n") or 0), str(add.get("unit", "")).replace("_", " ")
    named = calendar(add.get("calendar"))
    where = f" ({named})" if named else ""
    if not count:
        return f" the same day{where}"
    way, number = ("after", count) if count > 0 else ("before", -count)
    on = f", on day {add['day']} of that month" if add.get("day") else ""
    return f", {number} {unit}{'' if number == 1 else 's'} {way} {origin}{on}{where}"


def cutoff_details(rule: Mapping[str, Any]) -> list[str]:
    """Return what a cutoff does to days, each a clause."""
    base = rule.get("base") or {}
    parts = []
    if ends := base.get("day_ends"):
        edge = "from" if base.get("at_boundary") == "next" else "after"
        parts.append(f"{edge} {ends} {base.get('tz')} it counts for the next day")
    elif base.get("tz") != (rule.get("at") or {}).get("tz"):
        parts.append(f"days are those of {base.get('tz')}")
    if base.get("to") == "year_end":
        parts.append("counted from the end of the year")
    if to := ROLLS.get(str(base.get("roll"))):
        parts.append(f"a closed day counts as {to}")
    if to := ROLLS.get(str(rule.get("roll_result"))):
        parts.append(f"if that day is closed, {to}")
    if rule.get("if_past") == "next":
        parts.append("if that has passed, the next such time")
    return parts


def options(rule: Mapping[str, Any]) -> list[str]:
    """Return what any rule may say besides, each a clause."""
    parts = []
    if rule.get("start_round") == "next_full_hour":
        parts.append("counted from the next full hour")
    if rule.get("on_missing") == "ingress":
        parts.append("from ingress where that is not known")
    if adjust := rule.get("adjust"):
        to = ROLLS.get(str(adjust.get("convention")))
        at = adjust.get("time")
        when = "at the same time" if at == "same" else f"at {at}"
        if to:
            place = calendar(adjust.get("calendar"))
            parts.append(f"if that day is closed ({place}), {when} of {to}")
    return parts


def hours(window: Mapping[str, Any]) -> str:
    """Return "08:00–20:00 America/New_York (XNYS; 17:00 on half days)" or "the XTKS session"."""
    if "session" in window:
        breaks = ", breaks excluded" if window.get("breaks") == "exclude" else ""
        return f"the {window['session']} session{breaks}"
    said = f"{window.get('open')}–{window.get('close')} {window.get('tz')}"
    early = window.get("early_close")
    half = f"; to {early} on half days" if early else ""
    return f"{said} ({calendar(window.get('calendar'))}{half})"
