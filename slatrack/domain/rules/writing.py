"""From a rule back to its document: what was written, less what says only the default."""

from typing import Any

from slatrack.domain.durations import format_duration
from slatrack.domain.rules.kinds import (
    Add,
    AtBoundary,
    Base,
    Branch,
    Cutoff,
    Duration,
    Earliest,
    IfPast,
    Latest,
    OpenTime,
    Rule,
    SessionRule,
    Switch,
    Versions,
    WindowRule,
)
from slatrack.domain.rules.parts import (
    Adjust,
    Before,
    CalendarRef,
    Convention,
    DailyWindow,
    Dst,
    OnMissing,
    Options,
    Start,
    Warn,
    Window,
)

Document = dict[str, Any]


def document(rule: Rule) -> Document:
    """Return the document that `parse` reads as this rule."""
    return _rule(rule, Dst())


def _rule(rule: Rule, dst: Dst) -> Document:
    return {**_kind(rule), **_options(rule.options, dst)}


def _kind(rule: Rule) -> Document:
    match rule:
        case Duration():
            written = {"kind": "duration", **_start(rule.start)}
            written["amount"] = format_duration(rule.amount)
            return written | ({"start_round": "next_full_hour"} if rule.next_full_hour else {})
        case Cutoff():
            return _cutoff(rule)
        case SessionRule():
            return _session(rule)
        case WindowRule():
            return _window_rule(rule)
        case OpenTime():
            amount = {"amount": format_duration(rule.amount), "window": _window(rule.window)}
            return {"kind": "open_time", **_start(rule.start), **amount}
        case _:
            return _choice(rule)


def _choice(rule: Earliest | Latest | Switch | Versions) -> Document:
    dst = rule.options.dst
    match rule:
        case Earliest():
            return {"kind": "earliest", "of": [_rule(inner, dst) for inner in rule.of]}
        case Latest():
            return {"kind": "latest", "of": [_rule(inner, dst) for inner in rule.of]}
        case Switch():
            return {"kind": "switch", "branches": [_branch(b, dst) for b in rule.branches]}
        case Versions():
            versions = [
                {"effective_from": v.effective_from.isoformat(), "rule": _rule(v.rule, dst)}
                for v in rule.versions
            ]
            return {"kind": "versions", "tz": rule.tz, "versions": versions}


def _branch(branch: Branch, dst: Dst) -> Document:
    when = branch.when
    given = {"when": {"attr": when.attr, "in": list(when.among)}} if when else {}
    return {**given, "rule": _rule(branch.rule, dst)}


def _start(start: Start) -> Document:
    written = {"from": start.name}
    if start.on_missing is not OnMissing.CANNOT_CALCULATE:
        written["on_missing"] = start.on_missing.value
    return written


def _cutoff(rule: Cutoff) -> Document:
    written: Document = {"kind": "cutoff", **_start(rule.start)}
    written |= {"base": _base(rule.base), "add": _add(rule.add)}
    if rule.roll_result is not Convention.NONE:
        written["roll_result"] = rule.roll_result.value
    written["at"] = {"time": _time(rule.at.minutes), "tz": rule.at.tz}
    if rule.if_past is not IfPast.KEEP:
        written["if_past"] = rule.if_past.value
    return written


def _base(base: Base) -> Document:
    written: Document = {"tz": base.tz}
    if base.day_ends is not None:
        written["day_ends"] = _time(base.day_ends)
    if base.at_boundary is not AtBoundary.CURRENT:
        written["at_boundary"] = base.at_boundary.value
    written["roll"] = base.roll.value
    return written | ({"to": "year_end"} if base.to_year_end else {})


def _add(add: Add) -> Document:
    written: Document = {"unit": add.unit.value, "n": add.n}
    if add.calendar is not None:
        written["calendar"] = _calendar(add.calendar)
    return written | ({"day": add.day} if add.day is not None else {})


def _session(rule: SessionRule) -> Document:
    return {
        "kind": "session",
        **_start(rule.start),
        "calendar": rule.calendar,
        "anchor": rule.anchor.value,
        "search": rule.search.value,
        "n": rule.n,
        "offset": format_duration(rule.offset),
    }


def _window_rule(rule: WindowRule) -> Document:
    return {
        "kind": "window",
        **_start(rule.start),
        "window": _window(rule.window),
        "at_close": rule.at_close.value,
        "inside": format_duration(rule.inside),
        "overflow": rule.overflow.value,
        "outside": {"to": "next_open", "plus": format_duration(rule.outside_plus)},
    }


def _window(window: Window) -> Document:
    if not isinstance(window, DailyWindow):
        return {"session": window.session, "breaks": window.breaks.value}
    written: Document = {
        "calendar": _calendar(window.calendar),
        "tz": window.tz,
        "open": _time(window.open),
        "close": _time(window.close),
    }
    early = window.early_close
    return written | ({"early_close": _time(early)} if early is not None else {})


def _options(options: Options, around: Dst) -> Document:
    written: Document = {}
    if options.adjust:
        written["adjust"] = _adjust(options.adjust)
    if options.warn:
        written["warn"] = [_warn(warn) for warn in options.warn]
    if options.dst != around:
        written["dst"] = {"gap": options.dst.gap.value, "overlap": options.dst.overlap.value}
    return written


def _adjust(adjust: Adjust) -> Document:
    return {
        "calendar": _calendar(adjust.calendar),
        "tz": adjust.tz,
        "convention": adjust.convention.value,
        "time": "same" if adjust.minutes is None else _time(adjust.minutes),
    }


def _warn(warn: Warn) -> Document:
    if isinstance(warn, Before):
        return {"before": format_duration(warn.amount)}
    return {"fraction": warn.fraction}


def _calendar(ref: CalendarRef) -> str | Document:
    return ref.codes[0] if len(ref.codes) == 1 else {"all_open": list(ref.codes)}


def _time(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
