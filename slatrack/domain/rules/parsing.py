"""From a rule document, a plain object as JSON and YAML give it, to a rule."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import NamedTuple

from slatrack.domain.rules.errors import Path, RuleError
from slatrack.domain.rules.kinds import (
    Add,
    Anchor,
    AtBoundary,
    AtClose,
    Base,
    Branch,
    Cutoff,
    Duration,
    Earliest,
    IfPast,
    Latest,
    OpenTime,
    Overflow,
    Rule,
    Search,
    SessionRule,
    Switch,
    Unit,
    Version,
    Versions,
    When,
    WindowRule,
)
from slatrack.domain.rules.parsing_parts import (
    parse_calendar,
    parse_exchange,
    parse_local_time,
    parse_options,
    parse_start,
    parse_window,
)
from slatrack.domain.rules.parts import Convention, Dst, Options
from slatrack.domain.rules.reading import Fields

DEEPEST = 12  # rules within rules
FARTHEST = 3660  # days or months
MOST = 1000  # rules in one document: YAML's aliases could make millions of a short one


class Reader(NamedTuple):
    """What holds for a whole document: how its errors begin, and how many rules it had so far."""

    root: str
    rules: Iterator[int]


def parse(document: object, *, path: Path = ()) -> Rule:
    """Return the rule that `document` writes; RuleError names the field, why, and what to do.

    `path` leads to the document within a larger one and begins every error's path.
    """
    root = "" if path else "rule"
    return _rule(document, path, Reader(root, count(1)), Dst(), 1)


def _rule(document: object, path: Path, reader: Reader, dst: Dst, depth: int) -> Rule:
    root = reader.root
    if depth > DEEPEST:
        raise RuleError(path, f"rules are nested more than {DEEPEST} deep: flatten them", root=root)
    if next(reader.rules) > MOST:
        raise RuleError(path, f"the document has more than {MOST} rules: split it", root=root)
    fields = Fields(document, path, root)
    kind = fields.text("kind", f"one of {', '.join(KINDS)}")
    if kind not in KINDS:
        fields.fail("kind", f"{kind[:40]!r} is no kind of rule: use one of {', '.join(KINDS)}")
    options = parse_options(fields, dst)

    def nested(found: object, at: Path) -> Rule:
        return _rule(found, at, reader, options.dst, depth + 1)

    rule = KINDS[kind](fields, options, nested)
    fields.done()
    return rule


Nested = Callable[[object, Path], Rule]


def _duration(fields: Fields, options: Options, nested: Nested) -> Duration:
    rounding = fields.has("start_round") and fields.text("start_round", "next_full_hour")
    if rounding not in (False, "next_full_hour"):
        fields.fail("start_round", "must be next_full_hour, or left out")
    amount = fields.duration("amount", negative=True)
    return Duration(parse_start(fields), amount, bool(rounding), options)


def _cutoff(fields: Fields, options: Options, nested: Nested) -> Cutoff:
    add = _add(fields.nested("add"))
    rule = Cutoff(
        start=parse_start(fields),
        base=_base(fields.nested("base")),
        add=add,
        at=parse_local_time(fields.nested("at")),
        roll_result=fields.choice("roll_result", Convention, Convention.NONE),
        if_past=fields.choice("if_past", IfPast, IfPast.KEEP),
        options=options,
    )
    if add.calendar is None and {rule.base.roll, rule.roll_result} != {Convention.NONE}:
        fields.fail("add", "needs a calendar: roll and roll_result move to its open days")
    if rule.if_past is IfPast.NEXT and add.n < 0:
        fields.fail("if_past", "next goes with n of 0 or more: there is no end to catching up")
    return rule


def _base(fields: Fields) -> Base:
    if fields.has("to") and fields.text("to", "year_end") != "year_end":
        fields.fail("to", "must be year_end, or left out")
    base = Base(
        tz=fields.zone("tz"),
        day_ends=fields.time("day_ends") if fields.has("day_ends") else None,
        at_boundary=fields.choice("at_boundary", AtBoundary, AtBoundary.CURRENT),
        roll=fields.choice("roll", Convention, Convention.NONE),
        to_year_end=fields.has("to"),
    )
    fields.done()
    return base


def _add(fields: Fields) -> Add:
    add = Add(
        unit=fields.choice("unit", Unit),
        n=fields.number("n", -FARTHEST, FARTHEST),
        calendar=parse_calendar(fields) if fields.has("calendar") else None,
        day=fields.number("day", 1, 31) if fields.has("day") else None,
    )
    if add.unit is Unit.BUSINESS_DAY and add.calendar is None:
        fields.fail("calendar", "is missing: business days are the open days of a calendar")
    if add.day is not None and add.unit is not Unit.MONTH:
        fields.fail("day", "goes with unit month only: it replaces the day of the month")
    fields.done()
    return add


def _session(fields: Fields, options: Options, nested: Nested) -> SessionRule:
    return SessionRule(
        start=parse_start(fields),
        calendar=parse_exchange(fields, "calendar"),
        anchor=fields.choice("anchor", Anchor),
        search=fields.choice("search", Search, Search.AFTER),
        n=fields.number("n", 1, FARTHEST, default=1),
        offset=fields.duration("offset", negative=True, default="PT0S"),
        options=options,
    )


def _window(fields: Fields, options: Options, nested: Nested) -> WindowRule:
    outside = fields.nested("outside")
    if outside.text("to", "next_open") != "next_open":
        outside.fail("to", "must be next_open")
    plus = outside.duration("plus", default="PT0S")
    outside.done()
    return WindowRule(
        start=parse_start(fields),
        window=parse_window(fields.nested("window")),
        inside=fields.duration("inside"),
        outside_plus=plus,
        at_close=fields.choice("at_close", AtClose, AtClose.OUTSIDE),
        overflow=fields.choice("overflow", Overflow, Overflow.KEEP),
        options=options,
    )


def _open_time(fields: Fields, options: Options, nested: Nested) -> OpenTime:
    window = parse_window(fields.nested("window"))
    return OpenTime(parse_start(fields), fields.duration("amount"), window, options)


def _earliest(fields: Fields, options: Options, nested: Nested) -> Earliest:
    return Earliest(tuple(nested(entry, path) for path, entry in fields.items("of")), options)


def _latest(fields: Fields, options: Options, nested: Nested) -> Latest:
    return Latest(tuple(nested(entry, path) for path, entry in fields.items("of")), options)


def _switch(fields: Fields, options: Options, nested: Nested) -> Switch:
    items = fields.items("branches")
    branches = []
    for index, (path, entry) in enumerate(items):
        branch = Fields(entry, path, fields.root)
        when = _when(branch.nested("when")) if branch.has("when") else None
        if when is None and index + 1 < len(items):
            branch.fail("when", "is missing: only the last branch may do without")
        branches.append(Branch(nested(branch.get("rule", "a rule"), (*path, "rule")), when))
        branch.done()
    return Switch(tuple(branches), options)


def _when(fields: Fields) -> When:
    among: list[str | int | float | bool] = []
    for path, value in fields.items("in"):
        if not isinstance(value, str | int | float):
            raise RuleError(path, "must be text, a number, true or false", root=fields.root)
        among.append(value)
    when = When(fields.text("attr", "an attribute's name"), tuple(among))
    fields.done()
    return when


def _versions(fields: Fields, options: Options, nested: Nested) -> Versions:
    tz = fields.zone("tz")
    versions: list[Version] = []
    for path, entry in fields.items("versions"):
        version = Fields(entry, path, fields.root)
        since = version.day("effective_from")
        if versions and since <= versions[-1].effective_from:
            version.fail("effective_from", "must be later than the version before it")
        versions.append(Version(since, nested(version.get("rule", "a rule"), (*path, "rule"))))
        version.done()
    return Versions(tz, tuple(versions), options)


KINDS: dict[str, Callable[[Fields, Options, Nested], Rule]] = {
    "duration": _duration,
    "cutoff": _cutoff,
    "session": _session,
    "window": _window,
    "open_time": _open_time,
    "earliest": _earliest,
    "latest": _latest,
    "switch": _switch,
    "versions": _versions,
}
