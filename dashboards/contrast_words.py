"""What a comparison of two cohorts found, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isinf

from dashboards import words
from dashboards.queries_contrast import Compared, Event
from slatrack.domain.contrasts import Finding, LegShift, Property, PropertyKind
from slatrack.domain.statistics.proportions import Interval

_SAID = {
    PropertyKind.ATTRIBUTE: "{name} is {value}",
    PropertyKind.RANGE: "{name}: {value}",
    PropertyKind.WAY: "went {value}",
    PropertyKind.STEP: "passed {name}",
    PropertyKind.RETRIED: "{name} was tried again",
    PropertyKind.SERVICE: "{name} done by {value}",
    PropertyKind.PARTITION: "its message was in {name}-{value}",
    PropertyKind.HOUR: "started between {value}:00 and {value}:59 UTC",
    PropertyKind.AMENDED: "was amended",
    PropertyKind.INCOMPLETE: "spans of it are missing",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A finding as a page shows it."""

    finding: Finding
    said: str
    times: str
    chance: str
    events: tuple[Event, ...]


def said(about: Property) -> str:
    """Return a property as a clause: "asset.class is equity"."""
    return _SAID[about.kind].format(name=about.name, value=about.value or '""')


def rows(findings: Sequence[Finding], events: Sequence[Event]) -> list[Row]:
    """Return findings with words, and the events that are their examples."""
    return [
        Row(one, said(one.about), times(one), chance(one.p), tuple(events[n] for n in one.examples))
        for one in findings
    ]


def times(one: Finding) -> str:
    """Return how many times as often: "3.1 (2.4 to 4.0)"."""
    low, high = (_number(end) for end in one.interval)
    return f"{'only these' if isinf(one.ratio) else _number(one.ratio)} ({low} to {high})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def chance(p: float) -> str:
    """Return a p-value: "0.012", "below 0.0001"."""
    return "below 0.0001" if p < 0.0001 else f"{p:.4f}" if p < 0.1 else f"{p:.2f}"


def share(value: float | None) -> str:
    """Return a share as per cent; "–" for none."""
    return "–" if value is None else f"{value * 100:.1f} %"


def headline(found: Compared) -> str:
    """Return the finding of a page in one sentence."""
    first, second = found.first, found.second
    if not (first.sample and second.sample):
        empty = first if not first.sample else second
        return f"Nothing to compare: there are no events of “{empty.name}” in this range."
    if found.contrast.more:
        top = found.contrast.more[0]
        return (
            f"{share(top.share)} of {first.name} have this: {said(top.about)}. "
            f"Of {second.name} {share(top.other_share)} have it."
        )
    slower = [one for one in found.legs if one.p < 0.05 and one.shift.difference > 0]
    if slower:
        worst = max(slower, key=lambda one: one.shift.difference)
        return f"They differ in their times only: most in {leg(worst)}, {difference(worst)}."
    return (
        f"Nothing sets them apart that chance would not explain: {found.contrast.asked:,} "
        "properties were compared."
    )


def leg(one: LegShift) -> str:
    """Return the name of a leg: "waiting for enriched"."""
    return f"waiting for {one.leg.step}" if one.leg.waiting else one.leg.step


def difference(one: LegShift) -> str:
    """Return by how much the first median differs: "2.1 s longer"."""
    apart = one.shift.difference
    way = "longer" if apart >= 0 else "shorter"
    return f"{words.duration(abs(apart))} {way}"


def between(interval: Interval | None, *, seconds: bool) -> str:
    """Return an interval of a difference: "between 1.2 s less and 3.4 s more"; empty for none."""
    if interval is None or interval.low == interval.high:
        return ""  # too few events, or all the same
    low, high = (_apart(end, seconds=seconds) for end in interval)
    return f"between {low} and {high}"


def _apart(value: float, *, seconds: bool) -> str:
    size = words.duration(abs(value)) if seconds else f"{abs(value) * 100:.1f} points"
    return f"{size} {'more' if value >= 0 else 'less'}"
