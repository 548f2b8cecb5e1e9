"""Deadlines out of and into a flow as YAML."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from dashboards.deadline_exchange import exported, imported
from dashboards.text_diff import diff
from slatrack.tracking import flows
from slatrack.tracking.documents import FlowError
from slatrack.tracking.flow_saving import EffectiveRefusedError
from slatrack.tracking.models import Flow, RuleVersion
from slatrack.tracking.rule_versions import standing


class ImportForm(forms.Form):
    """Deadlines as text, since when they hold, and why."""

    document = forms.CharField(
        label="Deadlines",
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false"}),
        help_text="YAML as an export has it; deadlines that it does not name stay as they are",
    )
    effective_from = forms.DateTimeField(
        required=False,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        label="For events that start from",
        help_text="in your time zone; empty: from now on",
    )
    why = forms.CharField(required=False, max_length=500, help_text="kept with the versions")

    def read(self, flow: Flow) -> str | None:
        """Return the flow's document with these deadlines; None, with errors, if refused."""
        try:
            text = imported(flow, self.cleaned_data["document"])
            flows.check(text)
        except FlowError as error:
            for problem in error.problems:
                where = f"{problem.path}: " if problem.path else ""
                self.add_error("document", f"{where}{problem.reason}")
            return None
        return text


@require_safe
@permission_required("tracking.view_ruleversion", raise_exception=True)
def deadlines_export(request: HttpRequest, flow: str) -> HttpResponse:
    """The deadlines of a flow, in force or to come, as a file."""
    row = get_object_or_404(Flow, name=flow)
    rules = RuleVersion.objects.filter(flow=row).select_related("flow", "by")
    held = [one for one in standing(rules, now=timezone.now()) if not one.rule.retired_at]
    newest = {one.rule.name: one for one in sorted(held, key=lambda one: one.rule.version)}
    answer = HttpResponse(exported(row, list(newest.values())), content_type="application/yaml")
    answer["Content-Disposition"] = f'attachment; filename="{row.name}-deadlines.yaml"'
    return answer


@require_http_methods(["GET", "POST"])
@permission_required("tracking.change_flow", raise_exception=True)
def deadlines_import(request: HttpRequest, flow: str) -> HttpResponse:
    """Compare deadlines of a file with those of the flow, then save them as new versions."""
    row = get_object_or_404(Flow, name=flow)
    form = ImportForm(request.POST or None)
    text = form.read(row) if form.is_valid() else None
    if text is not None and request.POST.get("do") == "save" and _save(request, row, form, text):
        return redirect("flow", flow=row.name)
    lines = None if text is None else diff(row.document, text)
    context = {"flow": row, "form": form, "lines": lines, "checked": text is not None}
    return render(
        request, "dashboards/deadlines_import.html", context, status=422 if form.errors else 200
    )


def _save(request: HttpRequest, row: Flow, form: ImportForm, text: str) -> bool:
    why, begin = form.cleaned_data["why"], form.cleaned_data["effective_from"]
    try:
        with transaction.atomic():
            locked = Flow.objects.select_for_update().get(pk=row.pk)
            if str(locked.version) != request.POST.get("base"):
                form.add_error(
                    None, "somebody changed this flow meanwhile: compare again, then save"
                )
                return False
            [change] = flows.save(
                text, by=request.user, why=why, effective_from=begin, now=timezone.now()
            )
    except EffectiveRefusedError as error:
        form.add_error("effective_from", str(error))
        return False
    messages.success(request, f"{row.title}: {'; '.join(change.details) or 'nothing changed'}.")
    return True
