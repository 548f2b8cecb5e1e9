import os
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from slatrack.alerting.models import Channel
from slatrack.demo import addresses, furnishing
from slatrack.demo.addresses import Addresses
from slatrack.demo.doors import Doors
from slatrack.demo.management.commands.demo import Command
from slatrack.domain.edges import Message
from slatrack.tracking import messages
from slatrack.tracking.models import Flow

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
AT = Addresses("http://127.0.0.1:1", "http://127.0.0.1:2/webhook", "127.0.0.1", 3)


@pytest.mark.django_db
def test_flows_are_loaded_once_and_edits_stay():
    furnishing.load_flows(now=NOW)
    flow = Flow.objects.get(name="trade-reporting")
    Flow.objects.filter(pk=flow.pk).update(title="Edited")
    furnishing.load_flows(now=NOW)
    assert Flow.objects.count() == 3
    assert Flow.objects.get(pk=flow.pk).title == "Edited"


@pytest.mark.django_db
def test_the_user_has_all_roles_and_keeps_a_password_of_its_own(folder: Path):
    password = furnishing.password()
    user = User.objects.get(username="demo")
    assert user.check_password(password)
    assert not user.is_superuser
    assert set(user.groups.values_list("name", flat=True)) >= {"viewer", "operator", "author"}
    assert furnishing.password() == password
    assert (folder / "password").stat().st_mode & 0o077 == 0

    user.set_password("my own")
    user.save()
    assert furnishing.password() == "as you changed it"
    user.refresh_from_db()
    assert user.check_password("my own")


@pytest.mark.django_db
def test_channels_follow_the_doors():
    furnishing.connect_channels(AT, now=NOW)
    secret = Channel.objects.get(name="Demo webhook").secret
    moved = Addresses("http://127.0.0.1:1", "http://127.0.0.1:9/webhook", "127.0.0.1", 8)
    furnishing.connect_channels(moved, now=NOW)

    assert Channel.objects.count() == 2
    webhook = Channel.objects.get(name="Demo webhook")
    assert webhook.config == {"url": "http://127.0.0.1:9/webhook"}
    assert webhook.secret == secret
    assert secret.startswith("whsec_")
    assert Channel.objects.get(name="Demo mailbox").config["port"] == 8


@pytest.mark.django_db
def test_an_offset_of_the_kafka_before_is_no_message_of_the_new_one(folder, monkeypatch):
    monkeypatch.setattr(settings.SLATRACK, "alert_allowed_networks", "")
    message = Message("trades.accepted", 0, 7)
    messages.note([(b"before".rjust(16), message)], now=NOW)
    Command()._furnish(SimpleNamespace(addresses=AT))

    noted = messages.note([(b"after".rjust(16), message)], now=NOW)
    assert messages.pairs(noted) == set()


def test_the_addresses_are_those_of_the_doors():
    doors = Doors.open(0)
    assert addresses.read() is None
    addresses.write(doors.addresses)
    found = addresses.read()
    assert found == doors.addresses
    assert found.webhook.endswith("/webhook")
    numbers = [os.dup(number) for number in doors.numbers]
    assert Doors.inherited(numbers).addresses == found
