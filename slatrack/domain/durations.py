"""Durations as documents write them: `[-]PTnHnMnS`, elapsed time only.

Days, weeks and months are refused: "24 hours" and "the next day" are different rules.
"""

import re
from datetime import timedelta

SHAPE = re.compile(
    r"(?P<sign>-?)PT(?=\d)(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?"
    r"(?:(?P<seconds>\d{1,9})(?:\.(?P<fraction>\d{1,6}))?S)?",
    re.ASCII,
)
LONGEST = timedelta(days=36_525)


def parse_duration(text: str) -> timedelta:
    """Return the duration that `text` writes; ValueError says what is wrong and what to write."""
    if not isinstance(text, str):
        raise ValueError(f"must be text such as PT15M, not {text!r}")  # noqa: TRY004 - one error
    found = SHAPE.fullmatch(text)
    if found is None:
        raise ValueError(_complaint(text))
    amount = timedelta(
        hours=int(found["hours"] or 0),
        minutes=int(found["minutes"] or 0),
        seconds=int(found["seconds"] or 0),
        microseconds=int((found["fraction"] or "0").ljust(6, "0")),
    )
    if amount > LONGEST:
        raise ValueError(f"{text!r} is longer than a hundred years")
    return -amount if found["sign"] else amount


def format_duration(amount: timedelta) -> str:
    """Return `amount` as parse_duration reads it, in its shortest form."""
    sign, amount = ("-", -amount) if amount < timedelta(0) else ("", amount)
    seconds = amount.days * 86_400 + amount.seconds
    parts = [f"{seconds // 3600}H" * (seconds >= 3600), f"{seconds // 60 % 60}M"]
    fraction = f".{amount.microseconds:06d}".rstrip("0") if amount.microseconds else ""
    parts.append(f"{seconds % 60}{fraction}S")
    kept = [part for part in parts if part and part not in ("0M", "0S")]
    return f"{sign}PT{''.join(kept) or '0S'}"


def _complaint(text: str) -> str:
    shown = repr(text if len(text) <= 40 else text[:40] + "…")
    if re.match(r"-?P\d+[DWMY]", text):
        return (
            f"{shown} counts days, weeks, months or years, which differ from elapsed hours: "
            "write hours (PT24H), or use a cutoff with add"
        )
    return f"{shown} is no duration: write hours, minutes and seconds as PT1H30M, PT15M or PT10S"
