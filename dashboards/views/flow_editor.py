"""Changing a flow: its document in a text field, checked, compared and saved as a new version."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from dashboards.starter_flow import STARTER
from dashboards.text_diff import Line, diff
from slatrack.tracking import flows, proposing, rematching
from slatrack.tracking.documents import FlowError, Problem
from slatrack.tracking.models import Flow

CHANGE = "tracking.change_flow"
SHOWN = 50  # versions in the history


@dataclass
class Draft:
    """A text under edit: what is wrong with it, what it would change."""

    text: str
    current: str = ""
    base: int = 0
    why: str = ""
    problems: list[Problem] = field(default_factory=list)
    conflict: int | None = None  # the version that somebody else saved meanwhile

    @property
    def lines(self) -> list[Line]:
        """Return the change from the current document."""
        return diff(self.current, self.text)


@require_http_methods(["GET", "POST"])
@permission_required(CHANGE, raise_exception=True)
def flow_new(request: HttpRequest) -> HttpResponse:
    """A new flow, starting from an example."""
    if request.method != "POST":
        return _show(request, None, Draft(_start(request)))
    draft = _draft(request, None)
    if not draft.problems:
        for read in flows.check(draft.text):
            if Flow.objects.filter(name=read.name).exists():
                reason = f"flow {read.name!r} exists already: choose another name, or edit that one"
                draft.problems.append(Problem(1, "flow", reason))
    return _check_or_save(request, None, draft)


@require_http_methods(["GET", "POST"])
@permission_required(CHANGE, raise_exception=True)
def flow_edit(request: HttpRequest, flow: str) -> HttpResponse:
    """The document of one flow."""
    row = get_object_or_404(Flow, name=flow)
    if request.method != "POST":
        text, added = _with_added_step(request, row)
        return _show(request, row, Draft(text, row.document, row.version), checked=added)
    draft = _draft(request, row)
    if not draft.problems:
        names = [read.name for read in flows.check(draft.text)]
        if names != [row.name]:
            reason = f"must stay {row.name!r}, one flow alone: make another flow on its own page"
            draft.problems.append(Problem(1, "flow", reason))
    if draft.base != row.version:
        draft.conflict = row.version
    return _check_or_save(request, row, draft)


def _with_added_step(request: HttpRequest, row: Flow) -> tuple[str, bool]:
    """The document, with the step that drift found where its address asks for it."""
    ident = request.GET.get("add", "")
    if not ident:
        return row.document, False
    text = proposing.document_with_step(row, ident)
    if text is None:
        messages.error(request, "That step could not be added here: it is gone or there already.")
    return text or row.document, text is not None


def _start(request: HttpRequest) -> str:
    """The text a new flow starts from: what discovery proposes, else an example."""
    ident = request.GET.get("proposal", "")
    if not ident:
        return STARTER
    number = request.GET.get("key", "")
    text = proposing.proposed_document(ident, key=int(number) if number.isdecimal() else 0)
    if text is None:
        messages.error(request, "That proposal is gone: look again. Below is an example instead.")
    return text or STARTER


@require_safe
@permission_required("tracking.view_flow", raise_exception=True)
def flow_version(request: HttpRequest, flow: str, version: int) -> HttpResponse:
    """One version of a document and what it changed."""
    row = get_object_or_404(Flow, name=flow)
    shown = get_object_or_404(row.versions.select_related("by"), version=version)
    before = row.versions.filter(version__lt=version).order_by("-version").first()
    lines = diff(before.document if before else "", shown.document)
    context = {"flow": row, "shown": shown, "before": before, "lines": lines}
    return render(request, "dashboards/flow_version.html", context)


def _draft(request: HttpRequest, row: Flow | None) -> Draft:
    text = request.POST.get("document", "").replace("\r\n", "\n")
    base = request.POST.get("base", "")
    draft = Draft(
        text=text,
        current=row.document if row else "",
        base=int(base) if base.isdecimal() else 0,
        why=request.POST.get("why", "").strip()[:500],
    )
    try:
        flows.check(text)
    except FlowError as error:
        draft.problems = error.problems
    return draft


def _check_or_save(request: HttpRequest, row: Flow | None, draft: Draft) -> HttpResponse:
    refused = draft.problems or draft.conflict is not None
    if refused or request.POST.get("do") != "save":
        return _show(request, row, draft, checked=True)
    with transaction.atomic():
        now_at = Flow.objects.select_for_update().filter(pk=row.pk).first() if row else None
        if now_at and now_at.version != draft.base:
            draft.conflict = now_at.version
            return _show(request, row, draft, checked=True)
        changes = flows.save(draft.text, by=request.user, why=draft.why, now=timezone.now())
        _match_again(request, changes)
    for change in changes:
        details = "; ".join(change.details) or "the document"
        text = f"{change.flow} {change.action}, version {change.version}: {details}."
        messages.success(request, text)
    return redirect("flow", flow=changes[0].flow)


def _match_again(request: HttpRequest, changes: Sequence[flows.Change]) -> None:
    """Have parked spans matched again: those that came before the flow knew them."""
    changed = [change.flow for change in changes if change.action != "unchanged"]
    if changed and rematching.is_needed():
        rematching.ask(flow=changed[0], by=request.user, now=timezone.now())
        messages.success(request, "Parked spans are being matched again; those that fit join.")


def _show(
    request: HttpRequest, row: Flow | None, draft: Draft, *, checked: bool = False
) -> HttpResponse:
    history = row.versions.select_related("by").order_by("-version")[:SHOWN] if row else []
    context: dict[str, Any] = {"flow": row, "draft": draft, "checked": checked, "history": history}
    part = request.headers.get("HX-Request") == "true"
    template = "dashboards/_flow_check.html" if part else "dashboards/flow_edit.html"
    refused = bool(draft.problems or draft.conflict is not None)
    return render(request, template, context, status=422 if refused and not part else 200)
