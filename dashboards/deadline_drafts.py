"""Drafts of deadlines: kept from the editor, opened in it again, gone once they are saved."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from dashboards import sentences
from dashboards.forms.deadline import DeadlineForm, initial
from slatrack.tracking.models import Flow, RuleDraft


def keep(flow: Flow, form: DeadlineForm, *, by: Any, now: datetime) -> RuleDraft:
    """Keep what a valid form says as the draft of that deadline; there is one of each."""
    fields = {
        "document": form.entry,
        "effective_from": form.cleaned_data["effective_from"],
        "why": form.cleaned_data["why"],
        "at": now,
        "by": by,
    }
    row, _ = RuleDraft.objects.update_or_create(
        flow=flow, name=form.entry["deadline"], defaults=fields
    )
    return row


def drop(flow: Flow, *names: str) -> int:
    """Let go of drafts of some deadlines; return how many there were."""
    gone, _ = RuleDraft.objects.filter(flow=flow, name__in=names).delete()
    return gone


def find(flow: Flow, name: str) -> RuleDraft | None:
    """Return the draft of a deadline; None if there is none."""
    return flow.drafts.filter(name=name).select_related("by").first() if name else None


def fields(draft: RuleDraft) -> Mapping[str, Any]:
    """Return the fields of the editor that show a draft."""
    begin = draft.effective_from
    shown = timezone.localtime(begin) if begin else None
    return {**initial(draft.document), "why": draft.why, "effective_from": shown}


def listed() -> list[tuple[RuleDraft, str, bool]]:
    """Return every draft with its sentence, and whether the deadline is there already."""
    rows = RuleDraft.objects.select_related("flow", "by").order_by("flow__title", "name")
    return [(row, sentences.deadline(row.document, row.flow.title), _known(row)) for row in rows]


def _known(row: RuleDraft) -> bool:
    return row.flow.rules.filter(name=row.name, retired_at=None).exists()
