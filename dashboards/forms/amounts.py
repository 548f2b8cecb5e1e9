"""Lengths of time and lists as people type them, and as a rule document writes them."""

import re
from typing import Any

from slatrack.domain.durations import format_duration, parse_duration

UNITS = {
    "s": "S", "sec": "S", "second": "S", "seconds": "S",
    "m": "M", "min": "M", "minute": "M", "minutes": "M",
    "h": "H", "hour": "H", "hours": "H",
}  # fmt: skip
PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")


def duration(text: str) -> str:
    """Return "PT1H30M" for "1 h 30 min" or for itself; ValueError for what is no duration."""
    cleaned = text.strip()
    if cleaned.upper().lstrip("-").startswith("P"):
        return format_duration(parse_duration(cleaned.upper()))
    parts = PART.findall(cleaned.lower())
    rest = PART.sub("", cleaned.lower()).strip(" ,-")
    if not parts or rest or any(unit not in UNITS for _, unit in parts):
        raise ValueError(f"{text!r} is no length of time: write e.g. 15 min, 90 s, 1 h 30 min")
    found: dict[str, str] = {UNITS[unit]: number for number, unit in parts}
    iso = "PT" + "".join(f"{found[unit]}{unit}" for unit in "HMS" if unit in found)
    sign = "-" if cleaned.startswith("-") else ""
    return format_duration(parse_duration(sign + iso))


def warnings(text: str) -> list[dict[str, Any]]:
    """Return the warn list for "50 %, 3 min before"; ValueError names the part that is none."""
    return [_warning(part.strip()) for part in text.split(",") if part.strip()]


def _warning(part: str) -> dict[str, Any]:
    percent = re.fullmatch(r"(?:at\s+)?(\d+(?:\.\d+)?)\s*%", part)
    if percent:
        return {"fraction": round(float(percent[1]) / 100, 6)}
    try:
        return {"before": duration(part.lower().removesuffix("before").strip())}
    except ValueError:
        raise ValueError(f"{part!r} is no warning: write e.g. 50 % or 3 min before") from None


def warnings_text(warn: list[dict[str, Any]]) -> str:
    """Return a warn list as people type it."""
    parts = []
    for one in warn:
        if "fraction" in one:
            parts.append(f"{float(one['fraction']) * 100:g} %")
        else:
            parts.append(f"{duration_text(str(one.get('before', '')))} before")
    return ", ".join(parts)


def duration_text(iso: str) -> str:
    """Return "1 h 30 min" for "PT1H30M"; the text itself where that would lose something."""
    found = re.fullmatch(r"(-?)PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", iso)
    if not found or not any(found.groups()[1:]):
        return iso
    sign, *numbers = found.groups()
    parts = [f"{n} {unit}" for n, unit in zip(numbers, ("h", "min", "s"), strict=True) if n]
    return sign + " ".join(parts)


def conditions(text: str) -> dict[str, list[str]]:
    """Return the `when` mapping for lines of "asset.class = equity, bond"."""
    found: dict[str, list[str]] = {}
    for line in filter(None, (one.strip() for one in text.splitlines())):
        name, sign, values = line.partition("=")
        listed = [value.strip() for value in values.split(",") if value.strip()]
        if not sign or not name.strip() or not listed:
            raise ValueError(f"{line!r}: write attribute = value, or several values with commas")
        found[name.strip()] = listed
    return found


def conditions_text(when: dict[str, Any]) -> str:
    """Return a `when` mapping as lines."""
    pairs = [(name, v if isinstance(v, list) else [v]) for name, v in when.items()]
    return "\n".join(f"{name} = {', '.join(map(str, values))}" for name, values in pairs)
