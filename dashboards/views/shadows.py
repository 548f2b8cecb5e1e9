"""Shadows: a deadline that judges silently, beside the rule in force; promoted or discarded."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from dashboards import sentences
from dashboards.backtest_data import OUTCOMES
from dashboards.deadline_text import with_deadline
from slatrack.domain.tallies import NEVER
from slatrack.tracking import flows, shadowing
from slatrack.tracking.documents import FlowError
from slatrack.tracking.flow_saving import EffectiveRefusedError
from slatrack.tracking.models import Flow, RuleVersion, Shadow

VIEW, CHANGE = "tracking.view_shadow", "tracking.change_flow"
MOST_SHOWN = 100
USUAL = ("deadline", "rule", "until", "when", "severity", "kind", "from", "amount")  # order


class PromotionRefusedError(ValueError):
    """It cannot become a version; says why."""


@require_safe
@permission_required(VIEW, raise_exception=True)
def shadow(request: HttpRequest, shadow_id: int) -> HttpResponse:
    """What a shadow says beside the rule in force, and which events differ."""
    row = _row(shadow_id)
    counts = shadowing.counts(row)
    differing = sum(n for (was, now), n in counts.items() if was != now)
    context = {
        "shadow": row,
        "sentence": sentences.deadline(row.document, row.flow.title),
        "in_force": _in_force(row),
        "events": row.agreed + sum(counts.values()),
        "differing": differing,
        "changes": _beside(counts, row.agreed),
        "outcomes": OUTCOMES,
        "verdicts": shadowing.differing(row)[:MOST_SHOWN],
    }
    return render(request, "dashboards/shadow.html", context)


@require_POST
@permission_required(CHANGE, raise_exception=True)
def promote(request: HttpRequest, shadow_id: int) -> HttpResponse:
    """Make a shadow a version of its deadline, for events that start from now or from a date on."""
    row = _row(shadow_id)
    text = request.POST.get("effective_from", "").strip()
    begin = _date(text)
    if text and begin is None:
        messages.error(request, "The date cannot be read: write e.g. 2026-12-01T08:00.")
        return redirect("shadow", shadow_id=shadow_id)
    try:
        _promote(row, begin, request.POST.get("why", "").strip(), request.user)
    except (EffectiveRefusedError, FlowError, PromotionRefusedError) as error:
        messages.error(request, f"It was not promoted: {error}.")
        return redirect("shadow", shadow_id=shadow_id)
    messages.success(request, f"{row.document['deadline']} judges what it was the shadow of.")
    return redirect("deadline-versions", flow=row.flow.name, name=row.document["deadline"])


@require_POST
@permission_required(CHANGE, raise_exception=True)
def discard(request: HttpRequest, shadow_id: int) -> HttpResponse:
    """Let a shadow judge no more; what it said stays on its page."""
    why, row = request.POST.get("why", ""), _row(shadow_id)
    if shadowing.end(row, Shadow.State.DISCARDED, by=request.user, why=why, now=timezone.now()):
        messages.success(request, f"The shadow of {row.name} is discarded.")
    return redirect("shadow", shadow_id=shadow_id)


@transaction.atomic
def _promote(row: Shadow, begin: datetime | None, why: str, by: Any) -> None:
    """All or nothing; the flow is locked, so that nobody's change is lost."""
    flow, now = Flow.objects.select_for_update().get(pk=row.flow_id), timezone.now()
    reason = why or f"promoted after judging silently since {row.since:%Y-%m-%d %H:%M} UTC"
    if not shadowing.end(row, Shadow.State.PROMOTED, by=by, why=reason, now=now):
        raise PromotionRefusedError("somebody promoted or discarded it meanwhile")
    if (rule := _rule(row)) and rule.document == row.document:
        raise PromotionRefusedError("the rule in force says the same already")
    text = with_deadline(flow.document, row.name, _as_written(row.document))
    flows.save(text, by=by, why=reason, effective_from=begin, now=now)


def _row(shadow_id: int) -> Shadow:
    rows = Shadow.objects.select_related("flow", "by", "ended_by")
    return get_object_or_404(rows, pk=shadow_id)


def _date(text: str) -> datetime | None:
    try:
        at = parse_datetime(text)
    except ValueError:
        return None
    return timezone.make_aware(at) if at and timezone.is_naive(at) else at


def _as_written(entry: dict[str, Any]) -> dict[str, Any]:
    """Return a document in the usual order, which PostgreSQL's JSON forgets."""
    ordered = {name: entry[name] for name in USUAL if name in entry} | entry
    if isinstance(rule := ordered.get("rule"), dict):
        ordered["rule"] = _as_written(rule)
    return ordered


def _rule(row: Shadow) -> RuleVersion | None:
    return row.flow.rules.filter(name=row.name, retired_at=None).order_by("-version").first()


def _in_force(row: Shadow) -> str:
    rule = _rule(row)
    return sentences.deadline(rule.document, row.flow.title) if rule else ""


def _beside(
    counts: dict[tuple[str, str], int], agreed: int
) -> list[tuple[str, list[tuple[int, bool]]]]:
    """Rows of in force, columns of the shadow: how many events, and whether they differ."""
    known = dict(counts)
    known["met", "met"] = agreed
    rows = []
    for was in (*OUTCOMES, NEVER):
        found = [known.get((was, now), 0) for now in OUTCOMES]
        if any(found):
            pairs = zip(OUTCOMES, found, strict=True)
            rows.append((was, [(count, was not in (now, NEVER)) for now, count in pairs]))
    return rows
