"""The sentence builder: a rule's document in a few fields, and those fields in the document.

A field changes only its own part of the document: whatever else that says stays.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dashboards.forms import amounts
from dashboards.sentence_parts import calendar

Rule = dict[str, Any]
Refuse = Callable[[str, str], None]  # a field, and what is wrong with it

SIMPLE, TIME, DOCUMENT = "simple", "time", "document"
KINDS = {SIMPLE: "duration", TIME: "cutoff"}
ANY_KIND = ("from", "on_missing", "warn", "adjust", "dst")
AS_WRITTEN = "="  # a calendar that no list has: as the document says
UNITS = {
    "business_day": "business days",
    "calendar_day": "calendar days",
    "month": "months",
}
FIELDS = ("amount", "start", "attribute", "warn", "at", "zone", "number", "unit", "calendar")
TOLD = {  # what the builder shows of a kind
    "duration": {"kind", "from", "amount", "warn"},
    "cutoff": {"kind", "from", "warn", "add", "at", "base"},
}


def shape_of(rule: Mapping[str, Any]) -> str:
    """Return in which shape the builder can show a rule."""
    return next((shape for shape, kind in KINDS.items() if rule.get("kind") == kind), DOCUMENT)


def shown(rule: Mapping[str, Any]) -> dict[str, str]:
    """Return the builder's fields for a rule; what it cannot show is empty."""
    add, at = dict(rule.get("add") or {}), dict(rule.get("at") or {})
    start = str(rule.get("from") or "ingress")
    kind, _, name = start.partition(":")
    named = add.get("calendar", "")
    return {
        "amount": amounts.duration_text(str(rule.get("amount") or "")),
        "start": "attr" if kind == "attr" else start,
        "attribute": name if kind == "attr" else "",
        "warn": amounts.warnings_text(rule.get("warn") or []),
        "at": str(at.get("time", "")),
        "zone": str(at.get("tz", "")),
        "number": str(add.get("n", "")),
        "unit": str(add.get("unit") or "business_day"),
        "calendar": AS_WRITTEN if isinstance(named, Mapping) else str(named),
    }


def written(
    shape: str, data: Mapping[str, Any], document: Mapping[str, Any], refuse: Refuse
) -> Rule:
    """Return `document` with what the fields say; problems go to `refuse`."""
    same = document.get("kind") == KINDS[shape]
    kept = {name: v for name, v in document.items() if same or name in ANY_KIND}
    rule: Rule = {**kept, "kind": KINDS[shape], "from": _start(data, refuse)}
    build = _length if shape == SIMPLE else _time_of_day
    rule |= build(data, rule, refuse)
    warn = _read(amounts.warnings, "warn", data, refuse)
    rule.pop("warn", None)
    return _ordered(rule | ({"warn": warn} if warn else {}))


def beyond(rule: Mapping[str, Any]) -> list[str]:
    """Return the parts of a rule that the builder does not show and leaves as they are."""
    kind = str(rule.get("kind"))
    if kind not in TOLD:
        return []
    found = [str(name) for name in rule if name not in TOLD[kind]]
    base = dict(rule.get("base") or {})
    at = dict(rule.get("at") or {})
    found += [f"base.{name}" for name in base if name != "tz" or base["tz"] != at.get("tz")]
    return found + [f"add.{name}" for name in dict(rule.get("add") or {}) if name == "day"]


def _start(data: Mapping[str, Any], refuse: Refuse) -> str:
    start = str(data.get("start") or "ingress")
    if start != "attr":
        return start
    attribute = str(data.get("attribute") or "").strip()
    if not attribute:
        refuse("attribute", "name the attribute that starts the clock")
    return f"attr:{attribute}"


def _length(data: Mapping[str, Any], rule: Rule, refuse: Refuse) -> Rule:
    return {"amount": _read(amounts.duration, "amount", data, refuse)}


def _time_of_day(data: Mapping[str, Any], rule: Rule, refuse: Refuse) -> Rule:
    at, add, base = (dict(rule.get(name) or {}) for name in ("at", "add", "base"))
    for name, why in (("at", "say at what time, e.g. 08:00"), ("zone", "e.g. America/New_York")):
        if not str(data.get(name) or "").strip():
            refuse(name, why)
    zone = str(data.get("zone") or "").strip()
    if base.get("tz") in (None, at.get("tz")):
        base["tz"] = zone
    at |= {"time": str(data.get("at") or "").strip(), "tz": zone}
    add |= {"unit": str(data.get("unit") or "business_day"), "n": int(data.get("number") or 0)}
    named = str(data.get("calendar") or "")
    if named != AS_WRITTEN:
        add.pop("calendar", None)
        add |= {"calendar": named} if named else {}
    return {"base": base, "add": add, "at": at}


def _read(read: Callable[[str], Any], name: str, data: Mapping[str, Any], refuse: Refuse) -> Any:
    try:
        return read(str(data.get(name) or ""))
    except ValueError as error:
        refuse(name, str(error))
    return None


def _ordered(rule: Rule) -> Rule:
    first = ("kind", "from", "amount", "base", "add", "at")
    return {name: rule[name] for name in (*(n for n in first if n in rule), *rule)}


def calendar_choices(codes: frozenset[str], rule: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what the calendar field offers; one that names several is offered as it is."""
    named = (rule.get("add") or {}).get("calendar")
    several = [(AS_WRITTEN, f"{calendar(named)}, both")] if isinstance(named, Mapping) else []
    return [("", "none"), *several, *((code, code) for code in sorted(codes))]
