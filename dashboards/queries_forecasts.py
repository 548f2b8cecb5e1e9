"""How good the forecasts of a flow were, and how good two naive ways would have been."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from slatrack.domain.forecasts import scores
from slatrack.domain.forecasts.scores import Bin, Called, Calling, Said
from slatrack.tracking.models import Flow, Forecast

MOST = 5_000  # newest deadlines that are looked at
FEW = 50  # with fewer no score means much


@dataclass(frozen=True, slots=True)
class Way:
    """A way of calling deadlines at risk, and how good it was."""

    name: str
    title: str
    calling: Calling


@dataclass(frozen=True, slots=True)
class Score:
    """The score of one flow, or of one deadline of it."""

    deadlines: int
    missed: int
    since: datetime | None
    said: int
    bins: Sequence[Bin]
    error: float | None
    brier: float | None
    brier_of_rate: float | None
    ways: Sequence[Way]

    @property
    def few(self) -> bool:
        """Whether there is too little for the figures to mean much."""
        return self.deadlines < FEW


def score(flow: Flow, deadline: str = "") -> Score:
    """Return the score over the newest followed deadlines that have been decided."""
    rows = Forecast.objects.filter(flow=flow, sampled=True).exclude(outcome="")
    if deadline:
        rows = rows.filter(deadline=deadline)
    found = list(rows.order_by("-settled_at")[:MOST])
    said = [Said(p, _missed(row)) for row in found for _, p in row.said]
    bins = scores.reliability(said)
    return Score(
        deadlines=len(found),
        missed=sum(map(_missed, found)),
        since=min((row.started_at for row in found), default=None),
        said=len(said),
        bins=bins,
        error=scores.calibration_error(bins),
        brier=scores.brier(said),
        brier_of_rate=scores.brier_of_rate(said),
        ways=_ways(found),
    )


def deadlines(flow: Flow) -> list[str]:
    """Return the names of the deadlines that have a score."""
    rows = Forecast.objects.filter(flow=flow, sampled=True).exclude(outcome="")
    return list(rows.order_by("deadline").values_list("deadline", flat=True).distinct())


def _ways(rows: Iterable[Forecast]) -> list[Way]:
    known = list(rows)
    return [
        Way("forecast", "At risk, by forecast", _calling(known, [r.at_risk_at for r in known])),
        Way("fixed", "At 80 % of the allowed time", _calling(known, [_fixed(r) for r in known])),
        Way("mean", "By the mean remaining time", _calling(known, [r.mean_at for r in known])),
    ]


def _calling(rows: Sequence[Forecast], called: Sequence[datetime | None]) -> Calling:
    return scores.calling(
        Called(
            missed=_missed(row),
            lead=None if at is None else (row.due_at - at).total_seconds(),
            allowed=(row.due_at - row.started_at).total_seconds(),
        )
        for row, at in zip(rows, called, strict=True)
    )


def _fixed(row: Forecast) -> datetime | None:
    """When the naive rule would have called it: if it was still open then."""
    at = row.started_at + scores.FIXED * (row.due_at - row.started_at)
    return None if row.reached_at is not None and row.reached_at <= at else at


def _missed(row: Forecast) -> bool:
    return row.outcome == Forecast.Outcome.MISSED
