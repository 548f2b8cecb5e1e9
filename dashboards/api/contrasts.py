"""Two cohorts of a flow's events side by side, for programs."""

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router

from dashboards import contrast_words as said
from dashboards import ranges
from dashboards.api.access import needs
from dashboards.api.problems import Refused
from dashboards.cohorts import By, asked
from dashboards.queries_contrast import Compared, Event, Side, compared
from slatrack.domain.contrasts import Finding, LegShift
from slatrack.domain.instants import rfc3339
from slatrack.tracking import flows
from slatrack.tracking.models import Flow

router = Router(tags=["flows"])


@router.get("/{flow}/different", summary="What is different about the late ones")
@needs("tracking.view_journey")
def different(
    request: HttpRequest,
    flow: str,
    by: By = By.LATE,
    range: str = "24h",
    deadline: str = "",
    name: str = "",
    a: str = "",
    b: str = "",
    a_from: str = "",
    a_to: str = "",
    b_from: str = "",
    b_to: str = "",
) -> dict[str, Any]:
    """Compare two cohorts: the late ones and those on time, or as `by` says.

    `time` takes `a_from`, `a_to`, `b_from`, `b_to`; `attribute` a `name`, `a` and `b`; `version` a
    `deadline` and its versions `a` and `b`. Without `b` the second cohort is the rest.
    """
    row = get_object_or_404(Flow, name=flow)
    chosen = next((one for one in ranges.RANGES if one.name == range), None)
    if chosen is None:
        names = ", ".join(one.name for one in ranges.RANGES)
        raise Refused(422, f"range: must be one of {names}")
    question = asked(request.GET.dict(), since=chosen.since(timezone.now()))
    if question.problems:
        listed = [{"path": [n], "reason": why} for n, why in question.problems.items()]
        raise Refused(422, "; ".join(f"{n}: {w}" for n, w in question.problems.items()), listed)
    [read] = flows.check(row.document)
    return answer(compared(row, read, question))


def answer(found: Compared) -> dict[str, Any]:
    """Return what a comparison found."""
    return {
        "by": found.question.by.value,
        "since": rfc3339(found.question.since),
        "sentence": said.headline(found),
        "first": _side(found.first),
        "second": _side(found.second),
        "on_time_difference": found.on_time_difference,
        "more": [_finding(one, found.events[0]) for one in found.contrast.more],
        "less": [_finding(one, found.events[1]) for one in found.contrast.less],
        "compared": found.contrast.asked,
        "left_out": dict(found.contrast.left_out),
        "legs": [_leg(one) for one in found.legs],
    }


def _side(side: Side) -> dict[str, Any]:
    marks = {f"p{percent}_seconds": side.mark(percent) for percent in (50, 95, 99)}
    return {
        "name": side.name,
        "events": side.count,
        "sample": side.sample,
        "in_flight": side.open,
        "met": side.met,
        "missed": side.missed,
        "on_time": side.on_time,
        "on_time_interval": side.on_time_interval if side.judged else None,
        **marks,
    }


def _finding(one: Finding, events: Any) -> dict[str, Any]:
    finite = one.ratio if one.table.b else None
    examples: list[Event] = [events[place] for place in one.examples]
    return {
        "kind": one.about.kind.value,
        "name": one.about.name,
        "value": one.about.value,
        "sentence": said.said(one.about),
        "first_events": one.table.a,
        "first_of": one.table.a_all,
        "second_events": one.table.b,
        "second_of": one.table.b_all,
        "ratio": finite,
        "ratio_interval": one.interval,
        "g": one.g,
        "p": one.p,
        "test": "fisher" if one.exact else "g",
        "examples": [event.key for event in examples],
    }


def _leg(one: LegShift) -> dict[str, Any]:
    return {
        "step": one.leg.step,
        "waiting": one.leg.waiting,
        "first_events": one.count,
        "second_events": one.other_count,
        "first_median_seconds": one.shift.first,
        "second_median_seconds": one.shift.second,
        "difference_interval_seconds": one.shift.interval,
        "longer": one.shift.longer,
        "p": one.p,
    }
