"""From documents to the parts that several kinds of rule share."""

from slatrack.domain.calendars import CODES, EXCHANGE_CODES
from slatrack.domain.rules.errors import RuleError
from slatrack.domain.rules.parts import (
    Adjust,
    AtFraction,
    Before,
    Breaks,
    CalendarRef,
    Convention,
    DailyWindow,
    Dst,
    Gap,
    LocalTime,
    OnMissing,
    Options,
    Overlap,
    SessionWindow,
    Start,
    Warn,
    Window,
)
from slatrack.domain.rules.reading import Fields, show

STARTS = 'ingress, "step:<name>" or "attr:<name>"'


def parse_start(fields: Fields) -> Start:
    """Return what a rule counts from."""
    name = fields.text("from", STARTS)
    kind, _, rest = name.partition(":")
    if name != "ingress" and not (kind in ("step", "attr") and rest):
        fields.fail("from", f"must be {STARTS}, not {show(name)}")
    return Start(name, fields.choice("on_missing", OnMissing, OnMissing.CANNOT_CALCULATE))


def parse_calendar(fields: Fields) -> CalendarRef:
    """Return the field `calendar`: a code, or {all_open: [codes]}."""
    found = fields.get("calendar", "a calendar's code, or {all_open: [codes]}")
    if isinstance(found, str):
        return CalendarRef((_code(fields, found),))
    several = Fields(found, (*fields.path, "calendar"), fields.root)
    codes = [(path, code) for path, code in several.items("all_open")]
    several.done()
    for path, code in codes:
        if not isinstance(code, str) or code not in CODES:
            raise RuleError(path, f"{show(code)} is no calendar: {_known()}", root=fields.root)
    return CalendarRef(tuple(str(code) for _, code in codes))


def parse_exchange(fields: Fields, name: str) -> str:
    """Return a field that names a calendar with trading hours."""
    found = fields.get(name, "an exchange's code such as XNYS")
    if not isinstance(found, str) or found not in EXCHANGE_CODES:
        known = ", ".join(sorted(EXCHANGE_CODES))
        fields.fail(name, f"{show(found)} has no trading hours: use one of {known}")
    return found


def parse_local_time(fields: Fields) -> LocalTime:
    """Return {time, tz}."""
    local = LocalTime(fields.time("time"), fields.zone("tz"))
    fields.done()
    return local


def parse_window(fields: Fields) -> Window:
    """Return opening hours: of an exchange, or daily ones on a calendar's open days."""
    if fields.has("session"):
        breaks = fields.choice("breaks", Breaks, Breaks.IGNORE)
        trading = SessionWindow(parse_exchange(fields, "session"), breaks)
        fields.done()
        return trading
    early = fields.time("early_close") if fields.has("early_close") else None
    daily = DailyWindow(
        calendar=parse_calendar(fields),
        tz=fields.zone("tz"),
        open=fields.time("open"),
        close=fields.time("close"),
        early_close=early,
    )
    if daily.close <= daily.open:
        fields.fail("close", 'must be later than open; a window ends at "24:00" at the latest')
    if early is not None and not daily.open < early <= daily.close:
        fields.fail("early_close", "must lie between open and close")
    fields.done()
    return daily


def parse_options(fields: Fields, dst: Dst) -> Options:
    """Return what any rule may carry; `dst` is what the rule around it says."""
    adjust = _adjust(fields.nested("adjust")) if fields.has("adjust") else None
    warn = _warn(fields) if fields.has("warn") else ()
    return Options(adjust, warn, _dst(fields.nested("dst"), dst) if fields.has("dst") else dst)


def _adjust(fields: Fields) -> Adjust:
    same = fields.has("time") and fields.found["time"] == "same"
    adjust = Adjust(
        calendar=parse_calendar(fields),
        tz=fields.zone("tz"),
        convention=fields.choice("convention", Convention),
        minutes=None if same else fields.time("time"),
    )
    fields.done()
    return adjust


def _dst(fields: Fields, around: Dst) -> Dst:
    dst = Dst(
        gap=fields.choice("gap", Gap, around.gap),
        overlap=fields.choice("overlap", Overlap, around.overlap),
    )
    fields.done()
    return dst


def _warn(fields: Fields) -> tuple[Warn, ...]:
    if fields.found["warn"] == []:
        return ()
    return tuple(_warning(Fields(entry, path, fields.root)) for path, entry in fields.items("warn"))


def _warning(fields: Fields) -> Warn:
    if fields.has("before") == fields.has("fraction"):
        fields.fail(None, "must have one of before and fraction")
    if fields.has("before"):
        before = Before(fields.duration("before"))
        fields.done()
        return before
    found = fields.get("fraction", "a number from 0 to 1")
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= 1:
        fields.fail("fraction", f"must be a number from 0 to 1, not {show(found)}")
    fields.done()
    return AtFraction(float(found))


def _code(fields: Fields, found: str) -> str:
    if found not in CODES:
        fields.fail("calendar", f"{show(found)} is no calendar: {_known()}")
    return found


def _known() -> str:
    return f"use one of {', '.join(sorted(CODES))}"
