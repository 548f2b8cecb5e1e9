"""One event beside what is typical of its flow: a sentence that says what differs, and a table."""

from collections.abc import Iterator
from dataclasses import dataclass

from dashboards import words
from dashboards.journey_data import JourneyData
from slatrack.domain.typical import Between, Length, Took, Typical, Usual, typical
from slatrack.tracking import comparing

BILLION = 1_000_000_000
ALIKE = 0.1  # a tenth more or less is as usual
LEAST = BILLION // 100  # nanoseconds that are worth a word


@dataclass(frozen=True, slots=True)
class Bar:
    """A leg drawn: its working, and its waiting behind it, in percent of the longest."""

    working: float
    waiting: float


@dataclass(frozen=True, slots=True)
class Row:
    """One leg: how long it took here and usually takes; None where it was not taken."""

    before: str
    after: str
    here: Length | None
    usual: Length | None
    difference: str
    longer: bool  # than nearly all of the others
    bar: Bar | None
    usual_bar: Bar | None
    most: float  # where nearly all of the others end, in percent


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the tab shows; `nearest` is a typical event to look at."""

    sentences: list[str]
    rows: list[Row]
    count: int = 0
    nearest: str = ""


def comparison(data: JourneyData) -> Comparison:
    """Compare a journey with those of its flow that were done before it."""
    here = comparing.taken(data.known, data.evidence)
    usual = typical(comparing.others(data.known))
    if usual is None:
        return Comparison(["No other event of this flow is done yet: nothing to compare with."], [])
    rows = list(_rows(data, here, usual))
    return Comparison([*_whole(here, usual), *_most_of_it(rows)], rows, usual.count, usual.nearest)


def _whole(here: Took, usual: Typical) -> Iterator[str]:
    others = f"the {usual.count:,} events done before it"
    if usual.count == 1:
        others = "the only other event that is done"
    middle = f"took {_words(usual.whole)}" + (" at the median" if usual.count > 1 else "")
    if here.whole is None:
        yield f"It is on its way; {others} {middle}."
        return
    beyond = here.whole > usual.most and here.whole - usual.most > LEAST and usual.count > 1
    tail = ", longer than nearly all others" if beyond else ""
    yield f"It took {_words(here.whole)}{tail}; {others} {middle}."


def _most_of_it(rows: list[Row]) -> Iterator[str]:
    """Name the leg, and the part of it, that differs most."""
    parts = [
        (getattr(row.here, part) - getattr(row.usual, part), part, row)
        for row in rows
        if row.here and row.usual
        for part in ("working", "waiting")
    ]
    if not parts:
        return
    more, part, row = max(parts, key=lambda one: one[0])
    before = getattr(row.usual, part)
    if more <= max(LEAST, ALIKE * before):
        yield "No leg took noticeably longer than usual."
        return
    where = f"{part} from {row.before} to {row.after}"
    yield f"Most was added by {where}: {_words(more)} more than the usual {_words(before)}."


def _rows(data: JourneyData, here: Took, usual: Typical) -> Iterator[Row]:
    order = {step.name: number for number, step in enumerate(data.steps)}
    shown = here.legs.keys() | {leg for leg in usual.legs if usual.is_usual(leg)}
    longest = max(
        [1, *(length.whole for length in here.legs.values())]
        + [usual.legs[leg].most for leg in shown & usual.legs.keys()]
    )
    for leg in sorted(shown, key=lambda leg: (order.get(leg[1], 0), order.get(leg[0], 0))):
        yield _row(leg, here.legs.get(leg), usual.legs.get(leg), longest, usual.count)


def _row(leg: Between, here: Length | None, usual: Usual | None, longest: int, count: int) -> Row:
    return Row(
        *leg,
        here,
        usual.length if usual else None,
        _difference(here, usual, count),
        bool(here and usual and _noticeable(here, usual) and here.whole > usual.most),
        _bar(here, longest),
        _bar(usual.length if usual else None, longest),
        round(100 * usual.most / longest, 2) if usual else 0,
    )


def _difference(here: Length | None, usual: Usual | None, count: int) -> str:
    if usual is None:
        return f"none of {count:,} went here"
    if here is None:
        return "not taken"
    if not _noticeable(here, usual):
        return "as usual"
    more = here.whole - usual.length.whole
    return f"{_words(more)} {'longer' if more > 0 else 'shorter'}"


def _noticeable(here: Length, usual: Usual) -> bool:
    more = here.whole - usual.length.whole
    return abs(more) > max(LEAST, ALIKE * usual.length.whole)


def _bar(length: Length | None, longest: int) -> Bar | None:
    if length is None:
        return None
    return Bar(*(round(100 * part / longest, 2) for part in length))


def _words(nanoseconds: int) -> str:
    return words.duration(nanoseconds / BILLION)
