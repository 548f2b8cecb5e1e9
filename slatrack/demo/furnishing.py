"""What the demo needs in the database: its flows, its user, its channels. What is there is kept."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any

from django.contrib.auth.models import Group, User

from slatrack.alerting.models import Channel
from slatrack.alerting.sending.webhook import new_secret
from slatrack.demo import place
from slatrack.demo.addresses import Addresses
from slatrack.demo.lines import LINES
from slatrack.tracking import flows
from slatrack.tracking.models import Flow

NAME = "demo"


def load_flows(*, now: datetime) -> None:
    """Add the demo's flows; one that is there already stays as people have edited it."""
    known = set(Flow.objects.values_list("name", flat=True))
    for line in LINES:
        if line.flow not in known:
            document = files("slatrack.demo") / "flows" / f"{line.flow}.yaml"
            flows.save(document.read_text(encoding="utf-8"), why="the demo's own", now=now)


def password() -> str:
    """Return the password of the user demo, in all groups; made once, kept in the demo's folder."""
    kept = place.folder() / "password"
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(9), encoding="utf-8")
    word = kept.read_text(encoding="utf-8").strip()
    user, made = User.objects.get_or_create(username=NAME)
    if made:
        user.set_password(word)
        user.save()
        user.groups.set(Group.objects.all())
    return word if user.check_password(word) else "as you changed it"


def connect_channels(at: Addresses, *, now: datetime) -> None:
    """Let alerts go to the demo's own mailbox and webhook receiver."""
    mail = {
        "to": ["desk@demo.example"],
        "sender": "slatrack@demo.example",
        "host": at.smtp_host,
        "port": at.smtp_port,
        "security": "none",
    }
    _connect("Demo mailbox", Channel.Kind.EMAIL, mail, now)
    _connect("Demo webhook", Channel.Kind.WEBHOOK, {"url": at.webhook}, now)


def _connect(name: str, kind: str, config: Mapping[str, Any], now: datetime) -> None:
    first = {
        "kind": kind,
        "config": dict(config),
        "created_at": now,
        "secret": new_secret() if kind == Channel.Kind.WEBHOOK else "",
    }
    channel, made = Channel.objects.get_or_create(name=name, defaults=first)
    if not made and channel.config != dict(config):
        channel.config = channel.config | dict(config)
        channel.save(update_fields=["config"])
