"""How much is due in each part of the next hour, or of the next two minutes where that is all."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboards.queries_under_way import MINUTE, MOMENT, ON_THE_WAY, under_way
from dashboards.words import duration
from slatrack.tracking.models import Flow

BARS = 60
MARKS = 6  # below the bars
HEIGHT = 64  # of the drawing


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of the time ahead: what is due in it, and where it stands in the drawing."""

    at: datetime
    on_track: int
    at_risk: int
    x: int
    on_track_height: float
    at_risk_height: float

    @property
    def at_risk_y(self) -> float:
        """The top of the bar."""
        return HEIGHT - self.on_track_height - self.at_risk_height

    @property
    def on_track_y(self) -> float:
        """The top of its lower part."""
        return HEIGHT - self.on_track_height


@dataclass(frozen=True, slots=True)
class Strip:
    """The time ahead, in bars of `each`."""

    each: timedelta
    bars: list[Bar]
    on_track: int
    at_risk: int
    marks: list[datetime]  # every tenth bar

    @property
    def close(self) -> bool:
        """Whether it shows two minutes: nothing is due after them within the hour."""
        return self.each < timedelta(seconds=MINUTE)

    @property
    def ahead(self) -> list[str]:
        """How far ahead the marks lie, in words."""
        return [duration(self.each * BARS / MARKS * number) for number in range(1, MARKS + 1)]

    @property
    def total(self) -> int:
        """How much is due in the hour."""
        return self.on_track + self.at_risk


Pair = tuple[int, int]  # on track, at risk


def strip(*, now: datetime, flow: str = "") -> Strip:
    """Return what is due in the next hour, of one flow or of all."""
    found = _counted(now, flow)
    first = int(now.timestamp()) // MOMENT
    seconds = MOMENT if found and max(found) <= first + BARS else MINUTE
    counts = _gathered(found, seconds, int(now.timestamp()) // seconds)
    began = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=now.tzinfo)
    each = timedelta(seconds=seconds)
    marks = [began + each * number for number in range(BARS // MARKS, BARS + 1, BARS // MARKS)]
    calm, risky = (sum(side) for side in zip(*counts, strict=True))
    return Strip(each, _bars(began, each, counts), calm, risky, marks)


def _gathered(found: Mapping[int, Pair], seconds: int, first: int) -> list[Pair]:
    """Return the counts of each bar from the first on: one more than BARS, as `now` is inside."""
    counts: dict[int, Pair] = defaultdict(lambda: (0, 0))
    for moment, (calm, risky) in found.items():
        bar = moment * MOMENT // seconds
        counts[bar] = (counts[bar][0] + calm, counts[bar][1] + risky)
    return [counts[first + number] for number in range(BARS + 1)]


def _bars(began: datetime, each: timedelta, counts: list[Pair]) -> list[Bar]:
    top = max(max(sum(pair) for pair in counts), 1)
    return [
        Bar(
            began + each * number, calm, risky, number * 10,
            round(calm / top * HEIGHT, 1), round(risky / top * HEIGHT, 1),
        )
        for number, (calm, risky) in enumerate(counts)
    ]  # fmt: skip


def _counted(now: datetime, flow: str) -> dict[int, Pair]:
    groups = under_way(now=now)
    if flow:
        chosen = Flow.objects.filter(name=flow).values_list("pk", flat=True).first()
        groups = [one for one in groups if one.flow == chosen]
    found: dict[int, Pair] = defaultdict(lambda: (0, 0))
    for one in groups:
        if one.moment is not None and one.waits and one.status in ON_THE_WAY:
            calm, risky = found[one.moment]
            if one.warned or one.risky:
                found[one.moment] = calm, risky + one.events
            else:
                found[one.moment] = calm + one.events, risky
    return found
