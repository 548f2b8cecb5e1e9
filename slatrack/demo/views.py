"""The demo's page: faults to switch on, and what the mailbox and the webhook receiver got."""

import json
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from slatrack.demo import addresses, faults, inbox

VIEW, SWITCH = "tracking.view_journey", "alerting.act_on_incident"
SHOWN = 50  # messages


@require_safe
@permission_required(VIEW, raise_exception=True)
def demo(request: HttpRequest) -> HttpResponse:
    """The whole page; its inbox alone, or nothing if it is unchanged, for the refresh."""
    if request.headers.get("HX-Request") == "true":
        shown = _inbox()
        if shown["newest"] == request.GET.get("newest"):
            return HttpResponse(status=204)
        return render(request, "demo/_inbox.html", shown)
    context = {"switches": _switches(), "addresses": addresses.read(), **_inbox()}
    return render(request, "demo/demo.html", context)


@require_POST
@permission_required(SWITCH, raise_exception=True)
def switch(request: HttpRequest, fault: str) -> HttpResponse:
    """Switch a fault on or off; the services obey within a second."""
    try:
        faults.set_active(fault, request.POST.get("on") == "yes")
    except KeyError as error:
        raise Http404(f"there is no fault {fault!r}") from error
    if request.headers.get("HX-Request") != "true":
        return redirect("demo")
    return render(request, "demo/_faults.html", {"switches": _switches()})


def _switches() -> list[tuple[faults.FaultInfo, bool]]:
    active = faults.active()
    return [(fault, fault.name in active) for fault in faults.FAULTS]


def _inbox() -> dict[str, Any]:
    messages = inbox.messages(SHOWN)
    newest = messages[0].received_at.isoformat() if messages else "none"
    return {"inbox": [_shown(message) for message in messages], "newest": newest}


def _shown(message: inbox.Message) -> dict[str, Any]:
    """Return a message with its heading; a webhook's JSON leads with the sentence in it."""
    shown = {"message": message, "heading": message.subject, "body": message.body}
    if message.kind == "webhook":
        try:
            body = json.loads(message.body)
            heading = body["data"]["sentence"]
        except (ValueError, LookupError, TypeError):
            return shown
        shown |= {"heading": heading, "body": json.dumps(body, indent=2, ensure_ascii=False)}
    return shown
