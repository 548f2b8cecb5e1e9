"""Calendars: what rules count by, year by year, and the days that operators close in them."""

from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboards.calendar_year import year as year_of
from slatrack.domain.calendars import Calendars
from slatrack.tracking import closures
from slatrack.tracking.closures import ClosureRefusedError
from slatrack.tracking.models import Closure

VIEW = "tracking.view_ruleversion"


@require_safe
@permission_required(VIEW, raise_exception=True)
def calendars(request: HttpRequest) -> HttpResponse:
    """Every calendar: how far it is known, and which rules rest on it."""
    known = closures.calendars()
    rows = [
        {"calendar": known.get(code), "rules": closures.rules_with(code)}
        for code in sorted(known.codes)
    ]
    context = {"rows": rows, "version": known.version, "zones": version("tzdata")}
    return render(request, "dashboards/calendars.html", context)


@require_safe
@permission_required(VIEW, raise_exception=True)
def calendar(request: HttpRequest, code: str, year: int = 0) -> HttpResponse:
    """One year of a calendar."""
    return _page(request, code, year or timezone.localdate().year)


@require_POST
@permission_required("tracking.add_closure", raise_exception=True)
def close(request: HttpRequest, code: str) -> HttpResponse:
    """Close a day: first say what that does, then, confirmed, do it."""
    _known(code)
    text, reason = request.POST.get("day", ""), request.POST.get("reason", "").strip()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return _refused(request, code, f"day: {text[:40]!r} is no date: write 2026-12-24")
    try:
        closures.check(code, day, reason)
        if request.POST.get("do") != "save":
            asked = {"day": day, "reason": reason, "count": closures.affected(code).count()}
            return _page(request, code, day.year, asked=asked)
        count = closures.add(code, day, reason, by=request.user, now=timezone.now())
    except ClosureRefusedError as error:
        return _refused(request, code, str(error), year=day.year)
    messages.success(request, f"{code} is closed on {day}; {_counted(count)}")
    return redirect("calendar-year", code=code, year=day.year)


@require_POST
@permission_required("tracking.change_closure", raise_exception=True)
def withdraw(request: HttpRequest, code: str, closure: int) -> HttpResponse:
    """Open a day again that an operator had closed: first say what that does, then do it."""
    _known(code)
    row = Closure.objects.filter(pk=closure, calendar=code).first()
    if row is None:
        raise Http404("there is no such closure")
    why = request.POST.get("reason", "").strip()
    if request.POST.get("do") != "save":
        asked = {"closure": row, "day": row.day, "count": closures.affected(code).count()}
        return _page(request, code, row.day.year, asked=asked)
    try:
        count = closures.withdraw(closure, why, by=request.user, now=timezone.now())
    except ClosureRefusedError as error:
        return _refused(request, code, str(error), year=row.day.year)
    messages.success(request, f"{code} is open again on {row.day}; {_counted(count)}")
    return redirect("calendar-year", code=code, year=row.day.year)


def _counted(count: int) -> str:
    return f"{count:,} event{'' if count == 1 else 's'} with open deadlines are worked out again."


def _known(code: str) -> Calendars:
    known = closures.calendars()
    if code not in known.codes:
        raise Http404(f"there is no calendar {code!r}")
    return known


def _refused(request: HttpRequest, code: str, problem: str, *, year: int = 0) -> HttpResponse:
    number = year or timezone.localdate().year
    return _page(request, code, number, problem=problem, status=422)


def _page(
    request: HttpRequest,
    code: str,
    number: int,
    *,
    asked: Mapping[str, Any] | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    known = _known(code)
    one = known.get(code)
    number = min(max(number, one.first.year), one.last.year)
    rows = Closure.objects.filter(calendar=code).select_related("added_by", "withdrawn_by")
    active = {row.day: row for row in rows.filter(withdrawn_at=None)}
    context = {
        "calendar": one,
        "number": number,
        "before": number - 1 if number > one.first.year else None,
        "after": number + 1 if number < one.last.year else None,
        "year": year_of(known, code, number, active),
        "closures": rows.order_by("-added_at", "-id"),
        "rules": closures.rules_with(code),
        "version": known.version,
        "asked": asked,
        "problem": problem,
        "sent": request.POST,
        "today": timezone.localdate(),
    }
    return render(request, "dashboards/calendar.html", context, status=status)
