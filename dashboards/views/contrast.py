"""Two cohorts of a flow's events side by side; first of all the late ones and the rest."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboards import contrast_words as said
from dashboards import ranges
from dashboards.charts.two_cohorts import two_cohorts
from dashboards.cohorts import By, asked
from dashboards.queries_contrast import Compared, compared
from slatrack.domain import flows as domain
from slatrack.tracking import flows
from slatrack.tracking.models import Flow

SHOWN = 20  # findings in a table
WAYS = {
    By.LATE: "late and on time",
    By.SLOW: "the slowest tenth and the rest",
    By.TIME: "after and before",
    By.ATTRIBUTE: "by an attribute",
    By.VERSION: "by a version of a deadline",
}


@require_safe
@permission_required("tracking.view_journey", raise_exception=True)
def contrast(request: HttpRequest, flow: str) -> HttpResponse:
    """What is different about the late ones; or about the events of another cohort."""
    row = get_object_or_404(Flow, name=flow)
    [read] = flows.check(row.document)
    now = timezone.now()
    chosen = ranges.chosen(request.GET.get("range") or "24h")
    question = asked(request.GET.dict(), since=chosen.since(now))
    found = compared(row, read, question)
    context = {
        "flow": row,
        "range": chosen,
        "ranges": ranges.RANGES,
        "question": question,
        "ways": WAYS,
        "found": found,
        "headline": "" if question.problems else said.headline(found),
        "charts": [two_cohorts(found)],
        **_choices(row, read),
        **_tables(found),
    }
    return render(
        request, "dashboards/contrast.html", context, status=422 if question.problems else 200
    )


def _choices(row: Flow, read: domain.Flow) -> dict[str, Any]:
    names = row.rules.values_list("name", flat=True).distinct().order_by("name")
    return {"deadline_names": list(names), "attribute_names": read.kept}


def _tables(found: Compared) -> dict[str, Any]:
    more, less = found.contrast.more, found.contrast.less
    sides = (found.first, found.second)
    return {
        "tables": [
            (found.first.name, said.rows(more[:SHOWN], found.events[0]), len(more)),
            (found.second.name, said.rows(less[:SHOWN], found.events[1]), len(less)),
        ],
        "legs": [
            (
                one,
                said.leg(one),
                said.difference(one),
                said.chance(one.p),
                said.between(one.shift.interval, seconds=True),
            )
            for one in found.legs
        ],
        "sides": sides,
        "marks": [(p, [side.mark(p) for side in sides]) for p in (50, 95, 99)],
        "share_apart": said.between(found.on_time_difference, seconds=False),
        "took_apart": said.between(found.took.interval, seconds=True) if found.took else "",
    }
