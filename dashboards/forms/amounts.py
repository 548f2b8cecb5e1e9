"""Lengths of time and lists as people type them, and as a rule document writes them."""

import json
import re
from typing import Any

from slatrack.domain.durations import format_duration, parse_duration

UNITS = {
    "s": "S", "sec": "S", "second": "S", "seconds": "S",
    "m": "M", "min": "M", "minute": "M", "minutes": "M",
    "h": "H", "hour": "H", "hours": "H",
}  # fmt: skip
QUOTED = r'"(?:[^"\\\n]|\\[^\n])*"'
CONDITION = re.compile(rf'(?P<name>{QUOTED}|[^="]+?)\s*=\s*(?P<values>.*)')
VALUE = re.compile(rf'\s*({QUOTED}|[^,"]+)\s*(?:,|$)')
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
    """Return the `when` mapping for lines of "asset.class = equity, bond".

    What holds a comma, an equals sign or a quote is in double quotes, as JSON writes it.
    """
    found: dict[str, list[str]] = {}
    for line in filter(None, (one.strip() for one in text.splitlines())):
        parts = CONDITION.fullmatch(line)
        if not parts:
            raise ValueError(f"{line!r}: write attribute = value, or several values with commas")
        values = [_bare(one) for one in VALUE.findall(parts["values"]) if one.strip()]
        if not values:
            raise ValueError(f"{line!r}: write attribute = value, or several values with commas")
        found[_bare(parts["name"])] = values
    return found


def _bare(text: str) -> str:
    text = text.strip()
    return str(json.loads(text)) if text.startswith('"') else text


def conditions_text(when: dict[str, Any]) -> str:
    """Return a `when` mapping as lines."""
    pairs = [(name, v if isinstance(v, list) else [v]) for name, v in when.items()]
    return "\n".join(f"{_told(n, '=')} = {', '.join(map(_told, values))}" for n, values in pairs)


def _told(value: object, also: str = "") -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    plain = text == text.strip() and text and not any(c in text for c in f',"\n\r{also}')
    return text if plain else json.dumps(text, ensure_ascii=False)
