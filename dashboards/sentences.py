"""A deadline as an English sentence: what the entry of a flow document says."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dashboards import words
from dashboards.sentence_parts import counted, cutoff_details, hours, options, ordinal
from slatrack.domain.durations import parse_duration


def deadline(entry: Mapping[str, Any], flow_title: str) -> str:
    """Return what a deadline entry demands, e.g. for a heading or a preview."""
    rule = entry.get("rule") or {}
    text = f"Every {flow_title} event{conditions(entry)} must reach {entry.get('until')} "
    return f"{text}{demand(rule)}.{warnings(rule)}"


def conditions(entry: Mapping[str, Any]) -> str:
    """Return " with asset.class equity or bond", empty where it applies to all."""
    parts = [f"{name} {' or '.join(map(str, values))}" for name, values in _when(entry)]
    return f" with {' and '.join(parts)}" if parts else ""


def _when(entry: Mapping[str, Any]) -> list[tuple[str, list[Any]]]:
    when = entry.get("when") or {}
    return [(name, v if isinstance(v, list) else [v]) for name, v in when.items()]


def demand(rule: Mapping[str, Any]) -> str:
    """Return what a rule demands, e.g. "within 15 min of ingress"."""
    describe = _DEMANDS.get(str(rule.get("kind")))
    if describe is None:
        return f"by a rule of kind {rule.get('kind')}"
    return "; ".join([describe(rule), *options(rule)])


def warnings(rule: Mapping[str, Any]) -> str:
    """Return " Warn at 50 % and 3 min before.", empty without warnings."""
    parts = [_warning(one) for one in rule.get("warn") or []]
    return f" Warn {' and '.join(parts)}." if parts else ""


def _warning(one: Mapping[str, Any]) -> str:
    if "fraction" in one:
        return f"at {float(one['fraction']):.0%} of the time".replace("%", " %")
    return f"{length(one.get('before'))} before"


def length(text: object) -> str:
    """Return a duration of a document in words; the text itself if it is none.

    Hours stay hours: 72 h and three days are different rules.
    """
    try:
        found = parse_duration(str(text))
    except ValueError:
        return str(text)
    hours, rest = divmod(abs(found), timedelta(hours=1))
    return f"{hours} h" if hours and not rest else words.duration(found)


def origin(name: object) -> str:
    """Return what a clock starts from, in words."""
    kind, _, rest = str(name).partition(":")
    if kind == "ingress":
        return "ingress"
    return f"the event's {rest}" if kind == "attr" else f"step {rest}"


def _duration(rule: Mapping[str, Any]) -> str:
    amount = str(rule.get("amount"))
    if amount.startswith("-"):
        return f"at the latest {length(amount)} before {origin(rule.get('from'))}"
    return f"within {length(amount)} of {origin(rule.get('from'))}"


def _cutoff(rule: Mapping[str, Any]) -> str:
    at = rule.get("at") or {}
    after = counted(rule.get("add") or {}, origin(rule.get("from")))
    said = f"by {at.get('time')} {at.get('tz')}{after}"
    return "; ".join([said, *cutoff_details(rule)])


def _session(rule: Mapping[str, Any]) -> str:
    offset = str(rule.get("offset") or "PT0S")
    way = "before" if offset.startswith("-") else "after"
    moved = "" if offset in ("PT0S", "-PT0S") else f"{length(offset)} {way} "
    which = f"the {ordinal(rule.get('n', 1))} {rule.get('anchor')} of {rule.get('calendar')}"
    return f"by {moved}{which} after {origin(rule.get('from'))}"


def _window(rule: Mapping[str, Any]) -> str:
    outside, inside = rule.get("outside") or {}, length(rule.get("inside"))
    plus = str(outside.get("plus") or "PT0S")
    late = "by the next open" if plus == "PT0S" else f"by {length(plus)} after the next open"
    over = ", or if that would pass the close," if rule.get("overflow") == "next_open" else ""
    during = hours(rule.get("window") or {})
    return (
        f"within {inside} of {origin(rule.get('from'))} during {during}; outside of it{over} {late}"
    )


def _open_time(rule: Mapping[str, Any]) -> str:
    during = hours(rule.get("window") or {})
    start = origin(rule.get("from"))
    return f"within {length(rule.get('amount'))} of open time from {start}, open {during}"


def _several(rule: Mapping[str, Any]) -> str:
    parts = [demand(one) for one in rule.get("of") or []]
    return f"by the {rule.get('kind')} of: {'; '.join(parts)}"


def _switch(rule: Mapping[str, Any]) -> str:
    parts = []
    for branch in rule.get("branches") or []:
        when = branch.get("when")
        values = " or ".join(map(str, when.get("in", []))) if when else ""
        head = f"where {when.get('attr')} is {values}: " if when else "else: "
        parts.append(head + demand(branch.get("rule") or {}))
    return "; ".join(parts)


def _versions(rule: Mapping[str, Any]) -> str:
    parts = [
        f"from {one.get('effective_from')}: {demand(one.get('rule') or {})}"
        for one in rule.get("versions") or []
    ]
    return "; ".join(parts)


_DEMANDS = {
    "duration": _duration,
    "cutoff": _cutoff,
    "session": _session,
    "window": _window,
    "open_time": _open_time,
    "earliest": _several,
    "latest": _several,
    "switch": _switch,
    "versions": _versions,
}
