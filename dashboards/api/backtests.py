"""Trying a deadline over history: start, look, stop."""

from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from ninja.responses import Status

from dashboards import backtest_data
from dashboards.api.access import caller, needs
from dashboards.api.problems import Refused
from dashboards.models import Scope
from slatrack.tracking import backtesting
from slatrack.tracking.documents import FlowError, Problem
from slatrack.tracking.models import Backtest, Flow

router = Router(tags=["rules"])
VIEW, START = "tracking.view_backtest", "tracking.change_flow"
USUAL = timedelta(days=7)
MOST_LISTED = 50


class Trial(Schema):
    """A deadline as in a flow document, or what is to be other than in the one in force.

    `deadline` names it; of one that is in force the fields that are not given are taken from there.
    """

    flow: str
    deadline: str
    rule: dict[str, Any] | None = None
    until: str | None = None
    when: dict[str, Any] | None = None
    severity: str | None = None
    grace: str | None = None
    started_since: datetime | None = None
    started_before: datetime | None = None


@router.post("/backtest", summary="Try a deadline over history", response={202: dict[str, Any]})
@needs(START, Scope.WRITE)
def start(request: HttpRequest, trial: Trial) -> Any:
    """Start trying a deadline over the events that started in a time; by default the last 7 days.

    Answers at once with where to look: `url` gives the state and what was found so far.
    """
    flow = Flow.objects.filter(name=trial.flow).first()
    if flow is None:
        raise Http404(f"there is no flow {trial.flow!r}")
    now = timezone.now()
    before = _aware("started_before", trial.started_before) or now
    since = _aware("started_since", trial.started_since) or before - USUAL
    if since >= before:
        raise Refused(422, "started_since: must be before started_before")
    try:
        row = backtest_data.start(
            flow, _entry(flow, trial), since=since, until=before, by=caller(request), now=now
        )
    except FlowError as error:
        problems = [{"path": one.path.split("."), "reason": one.reason} for one in error.problems]
        raise Refused(422, "; ".join(map(_said, error.problems)), problems) from error
    except backtesting.TooManyError as error:
        raise Refused(429, str(error)) from error
    return Status(202, backtest_data.data(row))


@router.get("/backtests", summary="The newest backtests")
@needs(VIEW)
def listed(request: HttpRequest) -> dict[str, Any]:
    """Return the newest backtests, those that wait or run included."""
    rows = Backtest.objects.select_related("flow", "by").order_by("-id")[:MOST_LISTED]
    return {"items": [backtest_data.data(row) for row in rows]}


@router.get("/backtests/{backtest_id}", summary="How far a backtest is, and what it found")
@needs(VIEW)
def look(request: HttpRequest, backtest_id: int) -> dict[str, Any]:
    """Return a backtest. While its state is queued or running, `result` is of the events so far."""
    return backtest_data.data(_row(backtest_id))


@router.post("/backtests/{backtest_id}/stop", summary="Stop a backtest")
@needs(START, Scope.WRITE)
def stop(request: HttpRequest, backtest_id: int) -> dict[str, Any]:
    """Stop a backtest; what it found so far stays. One that has ended is left as it is."""
    backtesting.stop(_row(backtest_id), now=timezone.now())
    return backtest_data.data(_row(backtest_id))


def _row(backtest_id: int) -> Backtest:
    row = Backtest.objects.select_related("flow", "by").filter(pk=backtest_id).first()
    if row is None:
        raise Http404(f"there is no backtest {backtest_id}")
    return row


def _entry(flow: Flow, trial: Trial) -> dict[str, Any]:
    rule = flow.rules.filter(name=trial.deadline, retired_at=None).order_by("-version").first()
    given = {
        name: value
        for name in ("rule", "until", "when", "severity", "grace")
        if (value := getattr(trial, name)) is not None
    }
    return {**(rule.document if rule else {}), "deadline": trial.deadline, **given}


def _said(problem: Problem) -> str:
    return f"{problem.path}: {problem.reason}"


def _aware(name: str, at: datetime | None) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise Refused(422, f"{name}: say the time zone, e.g. {at.isoformat()}Z")
    return at
