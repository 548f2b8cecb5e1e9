"""The versions of one deadline: since when each judges, what changed, and the open events."""

from typing import Any

import yaml
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboards import sentences
from dashboards.text_diff import diff
from slatrack.tracking.models import Flow, RuleVersion
from slatrack.tracking.rule_versions import Held, held, open_before, recompute


@require_safe
@permission_required("tracking.view_ruleversion", raise_exception=True)
def deadline_versions(request: HttpRequest, flow: str, name: str) -> HttpResponse:
    """Every version of a deadline with its difference from the one before."""
    row = get_object_or_404(Flow, name=flow)
    rules = list(row.rules.filter(name=name).select_related("by", "recomputed_by", "flow"))
    if not rules:
        raise Http404(f"{row.name} has had no deadline {name!r}")
    versions = held(rules, now=timezone.now())
    before = [*versions[1:], None]
    shown = [_shown(one, older, row) for one, older in zip(versions, before, strict=True)]
    context = {"flow": row, "name": name, "versions": shown, "newest": versions[0].rule}
    return render(request, "dashboards/deadline_versions.html", context)


@require_POST
@permission_required("tracking.change_flow", raise_exception=True)
def deadline_recompute(request: HttpRequest, flow: str, name: str, version: int) -> HttpResponse:
    """Have open events that began before a version was saved judged by it, if it is their time."""
    rules = RuleVersion.objects.select_related("flow")
    rule = get_object_or_404(rules, flow__name=flow, name=name, version=version)
    count = recompute(rule, by=request.user, now=timezone.now())
    events = f"{count:,} event{'' if count == 1 else 's'}"
    messages.success(request, f"Version {version} of {name}: {events} are judged anew.")
    return redirect("deadline-versions", flow=flow, name=name)


def _shown(one: Held, older: Held | None, row: Flow) -> dict[str, Any]:
    return {
        "held": one,
        "rule": one.rule,
        "sentence": sentences.deadline(one.rule.document, row.title),
        "lines": diff(_text(older.rule) if older else "", _text(one.rule)),
        "open": open_before(one.rule).count() if older else 0,
    }


def _text(rule: RuleVersion) -> str:
    text: str = yaml.safe_dump(rule.document, sort_keys=False, allow_unicode=True)
    return text
