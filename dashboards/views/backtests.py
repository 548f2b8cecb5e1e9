"""Backtests: a deadline tried over stored events, while it runs and afterwards."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboards import sentences
from dashboards.backtest_data import OUTCOMES, Figures
from dashboards.backtest_words import finding, noise
from dashboards.charts.margins import alerts_a_day, margins
from slatrack.domain.tallies import NEVER, Tally
from slatrack.tracking import backtesting
from slatrack.tracking.models import Backtest

VIEW, START = "tracking.view_backtest", "tracking.change_flow"
LISTS = {
    "newly_missed": ("Newly missed", "the rule in force does not miss them"),
    "no_longer_missed": ("No longer missed", "the rule in force misses them"),
    "worst": ("Missed", "the latest first"),
    "warned": ("Warned of, not missed", "the closest first"),
}
MOST_SHOWN = 50


@require_safe
@permission_required(VIEW, raise_exception=True)
def backtests(request: HttpRequest) -> HttpResponse:
    """The newest backtests with what they found."""
    rows = Backtest.objects.select_related("flow", "by").order_by("-id")[:MOST_SHOWN]
    found = [(one, finding(one) if one.row.done else "") for one in map(Figures.of, rows)]
    return render(request, "dashboards/backtests.html", {"backtests": found})


@require_safe
@permission_required(VIEW, raise_exception=True)
def backtest(request: HttpRequest, backtest_id: int) -> HttpResponse:
    """One backtest; while it runs, how far it is and what it has found so far."""
    found = Figures.of(_row(backtest_id))
    if request.headers.get("HX-Request") == "true":
        answer = render(request, "dashboards/_backtest_progress.html", _context(found))
        if not found.row.open:
            answer["HX-Refresh"] = "true"
        return answer
    return render(request, "dashboards/backtest.html", _context(found) | _pictures(found))


@require_POST
@permission_required(START, raise_exception=True)
def stop(request: HttpRequest, backtest_id: int) -> HttpResponse:
    """Stop a backtest; what it found so far stays."""
    if backtesting.stop(_row(backtest_id), now=timezone.now()):
        messages.success(request, "Stopped. What it had found by then is below.")
    return redirect("backtest", backtest_id=backtest_id)


@require_POST
@permission_required(START, raise_exception=True)
def again(request: HttpRequest, backtest_id: int) -> HttpResponse:
    """Try the same deadline once more, up to now."""
    try:
        row = backtesting.again(_row(backtest_id), by=request.user, now=timezone.now())
    except backtesting.TooManyError as error:
        messages.error(request, str(error).capitalize() + ".")
        return redirect("backtest", backtest_id=backtest_id)
    return redirect("backtest", backtest_id=row.pk)


def _row(backtest_id: int) -> Backtest:
    return get_object_or_404(Backtest.objects.select_related("flow", "by"), pk=backtest_id)


def _context(found: Figures) -> dict[str, Any]:
    row = found.row
    return {
        "backtest": row,
        "figures": found,
        "finding": finding(found),
        "noise": noise(found),
        "counts": {name: found.tally.count(tried=name) for name in OUTCOMES},
        "sentence": sentences.deadline(row.document, row.flow.title),
    }


def _pictures(found: Figures) -> dict[str, Any]:
    tally = found.tally
    exists = found.row.flow.rules.filter(name=found.row.name, retired_at=None).exists()
    return {
        "charts": [] if found.row.open else [margins(tally), alerts_a_day(tally)],
        "lists": [(*LISTS[name], tally.named(name)) for name in LISTS if tally.lists[name]],
        "changes": _changes(tally),
        "outcomes": OUTCOMES,
        "exists": exists,
    }


def _changes(tally: Tally) -> list[tuple[str, list[tuple[int, bool]]]]:
    """Rows of in force, columns of tried: how many events, and whether that is a change."""
    rows = []
    for was in (*OUTCOMES, NEVER):
        counts = [tally.count(was=was, tried=now) for now in OUTCOMES]
        if any(counts):
            pairs = zip(OUTCOMES, counts, strict=True)
            rows.append((was, [(count, was not in (now, NEVER)) for now, count in pairs]))
    return rows
