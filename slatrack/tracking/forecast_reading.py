"""Forecasts for readers: worked out when asked, from what the forecaster remembers and found."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from slatrack.domain.forecasts.forecast import Forecast
from slatrack.domain.forecasts.pace import USUAL, Pace
from slatrack.domain.forecasts.sentences import basis_sentence, forecast_sentence
from slatrack.domain.instants import rfc3339
from slatrack.domain.states import Verdict
from slatrack.tracking import flows as flows_in_force
from slatrack.tracking import histories, models, sources
from slatrack.tracking.decisions import Decided
from slatrack.tracking.expecting import expect
from slatrack.tracking.open_deadlines import OpenDeadline
from slatrack.tracking.remembering import cohort_of


def forecasts_of(
    row: models.Journey, states: Iterable[Decided], *, now: datetime
) -> Mapping[str, dict[str, Any]]:
    """Return the forecasts of the open deadlines of a journey in the API's shape, by name."""
    waiting = [one for one in states if one.verdict is Verdict.WAITING and one.reached_at is None]
    history = histories.current().get(row.flow_id) if waiting and row.ended_at is None else None
    if history is None:
        return {}
    flows = flows_in_force.current()
    name = next((name for name, pk in flows.ids.items() if pk == row.flow_id), None)
    if name is None:
        return {}
    read_to = histories.read_to(history, now=now, watermark=sources.watermarks(now).of(name))
    paces = {one.deadline: pace_of(one) for one in outlooks_of(row.flow_id)}
    at_risk = set(row.forecasts.filter(at_risk=True).values_list("deadline", flat=True))
    cohort = cohort_of(flows.flows[name], row.attributes)
    found: dict[str, dict[str, Any]] = {}
    for one in waiting:
        rules = {rule.version: rule for rule in flows.rules[name].get(one.name, ())}
        rule, asked = rules.get(one.version), _open(row, one, cohort)
        if rule is None or asked is None or asked.due_at <= now:
            continue
        made = expect(asked, rule, history, pace=paces.get(one.name, USUAL), read_to=read_to)
        if made is not None:
            said = described(made.forecast, attribute=flows.flows[name].cohort)
            found[one.name] = {**said, "at_risk": one.name in at_risk}
    return found


def _open(row: models.Journey, one: Decided, cohort: str) -> OpenDeadline | None:
    if one.started_at is None or one.due_at is None:
        return None
    return OpenDeadline(
        row.pk, row.flow_id, one.name, one.version, one.started_at, one.due_at, one.verdict.value,
        one.reached_at, row.step, row.step_at, row.started_at, cohort,
    )  # fmt: skip


def described(made: Forecast, *, attribute: str = "") -> dict[str, Any]:
    """Return a forecast in the API's shape."""
    basis = made.basis
    return {
        "as_of": rfc3339(made.at),
        "expected_at": rfc3339(made.expected_at),
        "p_miss": round(made.p_miss, 4),
        "last_safe_at": rfc3339(made.last_safe_at),
        "pace": round(made.pace.ratio, 3),
        "stopped_seconds": made.pace.stopped,
        "basis": {
            "events": basis.events,
            "cohort": basis.cohort,
            "hour": basis.hour,
            "sentence": basis_sentence(basis, attribute=attribute),
        },
        "sentence": forecast_sentence(made),
    }


def outlooks_of(flow_id: int) -> list[models.Outlook]:
    """Return who will be late, a row for each deadline of a flow."""
    return list(models.Outlook.objects.filter(flow=flow_id).order_by("deadline"))


def pace_of(view: models.Outlook) -> Pace:
    """Return the pace as the forecaster last found it."""
    since = view.stopped_at
    stopped = None if since is None else (view.read_to - since).total_seconds()
    return Pace(view.pace, view.observed, view.expected, stopped)
