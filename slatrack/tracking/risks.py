"""Turning at risk, and back: a flip each, written with the row that says how it is now."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from slatrack import live
from slatrack.domain.forecasts.sentences import forecast_sentence
from slatrack.domain.states import Verdict
from slatrack.tracking import flip_rows, models
from slatrack.tracking.decisions import Flipped
from slatrack.tracking.expecting import Expected
from slatrack.tracking.forecast_models import Forecast
from slatrack.tracking.implied_flips import Dated

AT_RISK, ON_TRACK = "at_risk", "on_track"  # before and after of a flip
CHUNK = 500  # in one transaction: short enough that the recorder hardly waits


class Turn(NamedTuple):
    """A deadline that is at risk now and was not, or the other way round."""

    row: Forecast
    expected: Expected
    at_risk: bool


def turn(turns: Sequence[Turn], *, now: datetime) -> None:
    """Record some turns. One of a deadline that was decided meanwhile is none."""
    ordered = sorted(turns, key=lambda one: one.row.journey_id.int)
    for start in range(0, len(ordered), CHUNK):
        _turn(ordered[start : start + CHUNK], now)


@transaction.atomic
def _turn(turns: Sequence[Turn], now: datetime) -> None:
    """Journeys that another writer holds are left for the next look."""
    steps, flows = _locked([one.row.journey_id for one in turns])
    deadlines = {
        (one.journey_id, one.name, one.version): one
        for one in models.Deadline.objects.filter(
            journey__in=steps, verdict=Verdict.WAITING, reached_at=None
        )
    }
    known = _known(steps)
    done: list[tuple[Turn, models.Deadline]] = []
    for one in turns:
        place = one.expected.open.place
        if place in deadlines and known.get(place, False) != one.at_risk:
            done.append((one, deadlines[place]))
    _save(done, now)
    flips = [Dated(_flip(one, of, steps[of.journey_id]), now) for one, of in done]
    models.Deadline.objects.filter(pk__in=[of.pk for _, of in done]).update(
        flip_count=F("flip_count") + 1
    )
    flip_rows.save(flips, flows)
    live.announce([of.journey_id for _, of in done])


def _locked(ids: Sequence[UUID]) -> tuple[dict[UUID, str], dict[UUID, int]]:
    """Lock journeys; return where each stands, and its flow."""
    skip = connection.features.has_select_for_update_skip_locked
    rows = models.Journey.objects.select_for_update(skip_locked=skip).filter(id__in=ids)
    found = list(rows.order_by("id").values_list("id", "step", "flow_id"))
    return {row: step for row, step, _ in found}, {row: flow for row, _, flow in found}


def _known(steps: dict[UUID, str]) -> dict[tuple[UUID, str, int], bool]:
    rows = Forecast.objects.filter(journey__in=steps)
    columns = ("journey_id", "deadline", "version", "at_risk")
    return {(i, name, version): risk for i, name, version, risk in rows.values_list(*columns)}


def _save(done: Sequence[tuple[Turn, models.Deadline]], now: datetime) -> None:
    for one, _ in done:
        one.row.at_risk = one.at_risk
        if one.at_risk and one.row.at_risk_at is None:
            one.row.at_risk_at = now
    Forecast.objects.bulk_create(
        [one.row for one, _ in done if one.row.pk is None],
    )
    Forecast.objects.bulk_update(
        [one.row for one, _ in done if one.row.pk is not None],
        ["at_risk", "at_risk_at", "mean_at", "said"],
        batch_size=200,
    )


def _flip(one: Turn, of: models.Deadline, step: str) -> Flipped:
    made = one.expected.forecast
    return Flipped(
        journey_id=of.journey_id,
        deadline=of.name,
        version=of.version,
        number=of.flip_count + 1,
        about=models.Flip.About.RISK.value,
        before=ON_TRACK if one.at_risk else AT_RISK,
        after=AT_RISK if one.at_risk else ON_TRACK,
        severity=of.severity,
        step=step,
        at=made.at,
        due_at=of.due_at,
        watermark=made.at,
        reason=forecast_sentence(made),
        almanac=of.almanac,
    )
