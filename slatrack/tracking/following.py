"""Following: which deadlines are at risk, what was forecast of them, and what came of it.

A deadline has a row once it is at risk, or where it is one of those that keep score. Rows are
settled by the verdict; those that keep no score are gone then.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from slatrack.domain.forecasts.forecast import is_at_risk
from slatrack.domain.forecasts.scores import FRACTIONS
from slatrack.domain.states import Verdict
from slatrack.tracking import deadline_rows, risks
from slatrack.tracking.decisions import Decided
from slatrack.tracking.expecting import Expected
from slatrack.tracking.forecast_models import Forecast
from slatrack.tracking.open_deadlines import OpenDeadline
from slatrack.tracking.store import chunks

FOLLOWED = 500  # of each flow at a time, about: one in 2, 4, 8, … where there are more
GIVEN_UP_AFTER = timedelta(days=1)  # without a verdict, after the due time
FIELDS = ("sampled", "at_risk", "at_risk_at", "mean_at", "said")

Place = tuple[UUID, str, int]


def follow(expected: Sequence[Expected], found: Iterable[OpenDeadline], *, now: datetime) -> None:
    """Note what is forecast now, tell what is newly at risk, settle what has been decided."""
    known = {_place(row): row for row in Forecast.objects.filter(outcome="")}
    one_in = _one_in(expected)
    new: list[Forecast] = []
    changed: list[Forecast] = []
    turned: list[risks.Turn] = []
    for one in expected:
        row = known.get(one.open.place)
        sampled = one.open.journey_id.int % one_in[one.open.flow_id] == 0
        fresh = row is None
        row = row or _row(one, sampled=sampled)
        risk = _risk(one, row)
        noted = row.sampled and _note(row, one, now)
        if risk != row.at_risk:
            turned.append(risks.Turn(row, one, risk))
        elif fresh and noted:
            new.append(row)
        elif noted:
            changed.append(row)
    Forecast.objects.bulk_create(new, ignore_conflicts=True, batch_size=500)
    Forecast.objects.bulk_update(changed, FIELDS, batch_size=200)
    risks.turn(turned, now=now)
    waiting = {one.place for one in found if one.waits_at(now)}
    _settle([row for place, row in known.items() if place not in waiting], now=now)


def _place(row: Forecast) -> Place:
    return row.journey_id, row.deadline, row.version


def _one_in(expected: Iterable[Expected]) -> Mapping[int, int]:
    """How many events each followed one stands for, by flow: a power of two."""
    counts = Counter(one.open.flow_id for one in expected)
    return {flow: 1 << (count // FOLLOWED).bit_length() for flow, count in counts.items()}


def _row(one: Expected, *, sampled: bool) -> Forecast:
    of = one.open
    return Forecast(
        journey_id=of.journey_id, flow_id=of.flow_id, deadline=of.name, version=of.version,
        started_at=of.started_at, due_at=of.due_at, sampled=sampled, at_risk=False, said=[],
    )  # fmt: skip


def _risk(one: Expected, row: Forecast) -> bool:
    if one.threshold is None:
        return False
    return is_at_risk(one.forecast.p_miss, threshold=one.threshold, before=row.at_risk)


def _note(row: Forecast, one: Expected, now: datetime) -> bool:
    """Note what keeps the score of a followed deadline; whether there was anything to note."""
    made, noted = one.forecast, False
    allowed = row.due_at - row.started_at
    passed = [f for f in FRACTIONS if row.started_at + f * allowed <= made.at]
    if passed and passed[-1] not in [fraction for fraction, _ in row.said]:
        row.said = [*row.said, [passed[-1], round(made.p_miss, 4)]]
        noted = True
    if row.mean_at is None and made.mean_at is not None and made.mean_at > row.due_at:
        row.mean_at = now
        noted = True
    return noted


def _settle(rows: Sequence[Forecast], *, now: datetime) -> None:
    """Write down how deadlines ended; what can never be known is forgotten."""
    read = deadline_rows.read({row.journey_id for row in rows})
    found = {(journey, one.name): one for journey, several in read.items() for one in several}
    settled: list[Forecast] = []
    gone: list[int] = []
    for row in rows:
        of = found.get((row.journey_id, row.deadline))
        if of is None or of.version != row.version or _is_void(of, row, now):
            gone.append(row.pk)
        elif of.verdict in (Verdict.MET, Verdict.MISSED) and row.sampled:
            row.outcome, row.reached_at, row.settled_at = of.verdict.value, of.reached_at, now
            row.at_risk = False
            settled.append(row)
        elif of.verdict in (Verdict.MET, Verdict.MISSED):
            gone.append(row.pk)
    fields = ["outcome", "reached_at", "settled_at", "at_risk"]
    Forecast.objects.bulk_update(settled, fields, batch_size=200)
    for ids in chunks(gone):
        Forecast.objects.filter(pk__in=ids).delete()


def _is_void(one: Decided, row: Forecast, now: datetime) -> bool:
    return one.due_at is None or now > row.due_at + GIVEN_UP_AFTER
