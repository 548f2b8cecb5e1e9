"""Rules: every deadline in force, and the editor of one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboards import backtest_data, deadline_drafts, sentences, template_shelf
from dashboards.deadline_advice import advice
from dashboards.deadline_text import with_deadline, without_deadline
from dashboards.due_preview import Tried, sample_starts, tried
from dashboards.forms import rule_builder
from dashboards.forms.deadline import DeadlineForm, initial
from slatrack.domain.flows import Flow as ReadFlow
from slatrack.domain.rule_templates import Template
from slatrack.tracking import backtesting, flows, shadowing
from slatrack.tracking.documents import FlowError
from slatrack.tracking.flow_saving import EffectiveRefusedError
from slatrack.tracking.models import Backtest, Flow, RuleDraft, RuleVersion, Shadow
from slatrack.tracking.rule_versions import standing

CHANGE = "tracking.change_flow"
NEW = {"start": "ingress", "warn": "50 %", "shape": "simple"}


@require_safe
@permission_required("tracking.view_ruleversion", raise_exception=True)
def rule_list(request: HttpRequest) -> HttpResponse:
    """Every deadline with its sentence: the version in force and those to come."""
    rows = RuleVersion.objects.select_related("flow", "by")
    found = standing(rows, now=timezone.now(), ended=True)
    found.sort(key=lambda one: one.rule.flow.title)
    rules = [(one, sentences.deadline(one.rule.document, one.rule.flow.title)) for one in found]
    silent = Shadow.objects.filter(state=Shadow.State.RUNNING).select_related("flow", "by")
    shadows = [(one, sentences.deadline(one.document, one.flow.title)) for one in silent]
    context = {"rules": rules, "drafts": deadline_drafts.listed(), "shadows": shadows}
    return render(request, "dashboards/rules.html", context)


@require_http_methods(["GET", "POST"])
@permission_required(CHANGE, raise_exception=True)
def deadline_edit(request: HttpRequest, flow: str, name: str = "") -> HttpResponse:
    """One deadline of a flow as a form; without a name a new one."""
    row = get_object_or_404(Flow, name=flow)
    [read] = flows.check(row.document)
    entry = _entry(row, name)
    if request.method != "POST":
        return _open(request, row, name, read, entry)
    form = DeadlineForm(read, request.POST, base=entry)
    text = _text(form, row, name) if form.is_valid() else None
    wanted = request.POST.get("do") if text is not None else None
    if wanted == "draft":
        return _keep_draft(request, row, form)
    if wanted == "try":
        return _try_over_history(request, row, name, form)
    if wanted == "shadow":
        return _begin_shadow(request, row, name, form)
    if wanted != "save" or text is None:
        return _page(request, row, name, form, entry)
    return _put_in_force(request, row, name, form, text)


@require_POST
@permission_required(CHANGE, raise_exception=True)
def deadline_retire(request: HttpRequest, flow: str, name: str) -> HttpResponse:
    """Take a deadline out of force; events that began before keep it."""
    row = get_object_or_404(Flow, name=flow)
    _entry(row, name)
    flows.save(
        without_deadline(row.document, name),
        by=request.user,
        why=request.POST.get("why", "")[:500],
        now=timezone.now(),
    )
    messages.success(request, f"{name} is retired: it holds for events that began before now only.")
    return redirect("flow", flow=row.name)


@require_POST
@permission_required(CHANGE, raise_exception=True)
def draft_discard(request: HttpRequest, flow: str, name: str) -> HttpResponse:
    """Let go of a draft."""
    if deadline_drafts.drop(get_object_or_404(Flow, name=flow), name):
        messages.success(request, f"The draft of {name} is discarded.")
    return redirect("rules")


def _open(
    request: HttpRequest, row: Flow, name: str, read: ReadFlow, entry: Mapping[str, Any] | None
) -> HttpResponse:
    """Show a draft, what was tried before or a template where one is named; else what holds."""
    draft = deadline_drafts.find(row, name or request.GET.get("draft", ""))
    if draft and "draft" in request.GET:
        form = DeadlineForm(read, initial=deadline_drafts.fields(draft))
        return _page(request, row, name, form, draft.document, draft=draft)
    if before := _tried_before(row, request.GET.get("backtest", "")):
        form = DeadlineForm(read, initial=initial(before.document))
        return _page(request, row, name, form, before.document)
    template, begun = template_shelf.begun(read, "" if name else request.GET.get("template", ""))
    if template and begun:
        form = DeadlineForm(read, initial=template_shelf.fields(template, begun))
        return _page(request, row, name, form, begun, template=template)
    form = DeadlineForm(read, initial=initial(entry) if entry else NEW)
    return _page(request, row, name, form, entry)


def _keep_draft(request: HttpRequest, row: Flow, form: DeadlineForm) -> HttpResponse:
    kept = deadline_drafts.keep(row, form, by=request.user, now=timezone.now())
    messages.success(request, f"A draft of {kept.name} is kept. It judges nothing.")
    return redirect("rules")


def _try_over_history(
    request: HttpRequest, row: Flow, name: str, form: DeadlineForm
) -> HttpResponse:
    days, now = request.POST.get("within", ""), timezone.now()
    since = now - timedelta(days=int(days) if days in backtest_data.WITHIN else 7)
    try:
        started = backtest_data.start(
            row, form.entry, name=name, since=since, until=now, by=request.user, now=now
        )
    except backtesting.TooManyError as error:
        form.add_error(None, str(error))
        return _page(request, row, name, form, form.entry)
    return redirect("backtest", backtest_id=started.pk)


def _begin_shadow(request: HttpRequest, row: Flow, name: str, form: DeadlineForm) -> HttpResponse:
    silent = shadowing.Silent(row, form.entry, name or form.entry["deadline"])
    why = form.cleaned_data["why"]
    try:
        begun = shadowing.begin(silent, by=request.user, why=why, now=timezone.now())
    except shadowing.ShadowRefusedError as error:
        form.add_error(None, str(error))
        return _page(request, row, name, form, form.entry)
    messages.success(request, "It judges silently from now on, and alerts nobody.")
    return redirect("shadow", shadow_id=begun.pk)


def _tried_before(row: Flow, number: str) -> Backtest | None:
    return row.backtests.filter(pk=number).first() if number.isdecimal() else None


def _entry(row: Flow, name: str) -> Mapping[str, Any] | None:
    """Return the entry in force called `name`; None for a new one; Http404 if there is none."""
    if not name:
        return None
    rule = row.rules.filter(name=name, retired_at=None).order_by("-version").first()
    if rule is None:
        raise Http404(f"{row.name} has no deadline {name!r} in force")
    return dict(rule.document)


def _text(form: DeadlineForm, row: Flow, name: str) -> str | None:
    """Return the flow's document with the form's deadline; None, with errors, if it is refused."""
    text = with_deadline(row.document, name or None, form.entry)
    try:
        flows.check(text)
    except FlowError as error:
        for problem in error.problems:
            form.refuse(problem.path, problem.reason)
        return None
    return text


def _put_in_force(
    request: HttpRequest, row: Flow, name: str, form: DeadlineForm, text: str
) -> HttpResponse:
    """Save; where that is refused the form is shown again and says why."""
    try:
        changes = _save(row, text, request, form)
    except EffectiveRefusedError as error:
        form.add_error("effective_from", str(error))
        return _page(request, row, name, form, form.base_entry)
    if changes is None:
        form.add_error(None, "somebody changed this flow meanwhile: look at it, then save again")
        return _page(request, Flow.objects.get(pk=row.pk), name, form, form.base_entry)
    deadline_drafts.drop(row, name, form.entry["deadline"])
    messages.success(request, f"{row.title}: {changes}.")
    if name and form.cleaned_data["effective_from"]:
        return redirect("deadline-versions", flow=row.name, name=form.entry["deadline"])
    return redirect("flow", flow=row.name)


def _save(row: Flow, text: str, request: HttpRequest, form: DeadlineForm) -> str | None:
    """Save; return what changed, None if the flow is no longer what the form was made from."""
    why, begin = form.cleaned_data["why"], form.cleaned_data["effective_from"]
    with transaction.atomic():
        locked = Flow.objects.select_for_update().get(pk=row.pk)
        if str(locked.version) != request.POST.get("base"):
            return None
        [change] = flows.save(
            text, by=request.user, why=why, effective_from=begin, now=timezone.now()
        )
    return "; ".join(change.details) or "nothing changed"


def _page(
    request: HttpRequest,
    row: Flow,
    name: str,
    form: DeadlineForm,
    entry: Mapping[str, Any] | None,
    *,
    template: Template | None = None,
    draft: RuleDraft | None = None,
) -> HttpResponse:
    valid = form.is_bound and not form.errors
    shown = form.entry if valid else entry
    part = request.headers.get("HX-Request") == "true"
    in_step = form.in_step() if valid else {}
    if valid and not part:
        form.put_in_step()
    now, starts = timezone.now(), request.POST.get("starts") or "\n".join(sample_starts())
    found = tried(shown, starts)
    context = {
        "flow": row,
        "name": name,
        "form": form,
        "template": template,
        "draft": draft,
        "kept": None if draft else deadline_drafts.find(row, name),
        "sentence": sentences.deadline(shown, row.title) if shown else "",
        "starts": starts,
        "tried": found,
        "in_step": in_step,
        "beyond": rule_builder.beyond(shown["rule"]) if shown else [],
        "advice": _advice(row, shown, found, name, now=now),
        "within": backtest_data.WITHIN,
        "shadow": row.shadows.filter(name=name, state=Shadow.State.RUNNING).first(),
        "versions": row.rules.filter(name=name).select_related("by").order_by("-version"),
    }
    page = "dashboards/_deadline_preview.html" if part else "dashboards/deadline_edit.html"
    return render(request, page, context, status=422 if form.errors and not part else 200)


def _advice(
    row: Flow, entry: Mapping[str, Any] | None, found: list[Tried], name: str, *, now: datetime
) -> list[str]:
    if not entry:
        return []
    [read] = flows.check(row.document)
    starts = [one.start for one in found if isinstance(one.start, datetime)]
    return advice(row, read, entry, starts, name=name, now=now)
