"""Channels: where alerts go, how they fare, and a test that shows the reply."""

import base64
import secrets
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboards.forms.channel import FORMS, EmailForm, WebhookForm, initial
from slatrack.alerting import health, pausing
from slatrack.alerting.delivering import test_channel
from slatrack.alerting.models import Channel

VIEW, CHANGE = "alerting.view_channel", "alerting.change_channel"


@require_safe
@permission_required(VIEW, raise_exception=True)
def channels(request: HttpRequest) -> HttpResponse:
    """Every channel as a card with its health."""
    context = {"channels": health.channels(), "kinds": Channel.Kind.choices}
    return render(request, "dashboards/channels.html", context)


@require_safe
@permission_required(VIEW, raise_exception=True)
def channel(request: HttpRequest, channel_id: int) -> HttpResponse:
    """One channel: its settings without the secret, its health, every attempt."""
    row = get_object_or_404(Channel, pk=channel_id)
    before = request.GET.get("before", "")
    log = health.deliveries(row.pk, before=int(before) if before.isdecimal() else None)
    context = {
        "channel": row,
        "state": health.state_of(row),
        "times": health.delivery_times(now=timezone.now(), channel_id=row.pk),
        "log": log,
        "following": log[-1][0].pk if len(log) == 50 else None,
    }
    return render(request, "dashboards/channel.html", context)


@require_http_methods(["GET", "POST"])
@permission_required(CHANGE, raise_exception=True)
def channel_new(request: HttpRequest, kind: str) -> HttpResponse:
    """A new channel of a kind."""
    if kind not in FORMS:
        raise Http404(f"there is no channel of kind {kind!r}")
    row = Channel(kind=kind, created_at=timezone.now())
    return _edit(request, row, FORMS[kind](request.POST or None))


@require_http_methods(["GET", "POST"])
@permission_required(CHANGE, raise_exception=True)
def channel_edit(request: HttpRequest, channel_id: int) -> HttpResponse:
    """The settings of a channel; its secret is kept unless a new one is typed."""
    row = get_object_or_404(Channel, pk=channel_id)
    return _edit(request, row, FORMS[row.kind](request.POST or None, initial=initial(row)))


@require_POST
@permission_required(CHANGE, raise_exception=True)
def channel_test(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Send a test now and show the reply as it came."""
    row = get_object_or_404(Channel, pk=channel_id)
    reply = test_channel(row, clock=timezone.now)
    if request.headers.get("HX-Request") != "true":
        return redirect("channel", channel_id=row.pk)
    return render(request, "dashboards/_channel_test.html", {"reply": reply, "channel": row})


@require_POST
@permission_required(CHANGE, raise_exception=True)
def channel_resume(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Let a paused channel send again."""
    row = get_object_or_404(Channel, pk=channel_id)
    pausing.resume(row.pk)
    messages.success(request, f"{row.name} sends again.")
    return redirect("channel", channel_id=row.pk)


def _edit(request: HttpRequest, row: Channel, form: EmailForm | WebhookForm) -> HttpResponse:
    if request.method == "POST" and form.is_valid() and _is_free(form, row):
        made = _store(row, form.cleaned_data, form.config)
        messages.success(request, f"{row.name} is saved. Test it: the button shows the reply.")
        if made:
            text = f"Signing secret, shown this once: {made}"
            messages.warning(request, text)
        return redirect("channel", channel_id=row.pk)
    context = {"channel": row, "form": form}
    status = 422 if form.errors else 200
    return render(request, "dashboards/channel_edit.html", context, status=status)


def _is_free(form: EmailForm | WebhookForm, row: Channel) -> bool:
    if Channel.objects.filter(name=form.cleaned_data["name"]).exclude(pk=row.pk).exists():
        form.add_error("name", "another channel has this name: choose a different one")
        return False
    return True


def _store(row: Channel, data: dict[str, Any], config: dict[str, Any]) -> str:
    """Save; return the signing secret if one was made, else nothing."""
    row.name, row.enabled, row.config = data["name"], data["enabled"], config
    made = ""
    if data["secret"]:
        row.secret = data["secret"]
    elif row.kind == Channel.Kind.WEBHOOK and not row.secret:
        made = row.secret = f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"
    row.save()
    return made
