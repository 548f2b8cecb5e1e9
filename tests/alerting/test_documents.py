"""docs/alerts.md says what is sent."""

import json
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from slatrack.alerting import delivering, incidents, pausing, routing, sweeping
from slatrack.alerting.models import Delivery
from slatrack.tracking.housekeeping import LOST_TO_RETENTION, count
from tests import factories as make
from tests.alerting.told import NOW, channel, event, met, missed, route, warned

jsonschema = pytest.importorskip("jsonschema", reason="the schema is checked in CI")
pytestmark = pytest.mark.django_db

PAGE = Path(__file__).parents[2] / "docs" / "alerts.md"
HOUR = make.minutes(60)


@pytest.fixture(scope="module")
def schema():
    [block] = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return json.loads(block)


def bodies():
    """Return every kind of message, as slatrack makes it."""
    desk, alice = channel(), User.objects.create(username="alice")
    row, late = event(), event(key="<b>late</b>")
    incident = route(warned(row))
    route(missed(row), missed(late))
    incidents.snooze(incident, until=NOW + HOUR, by=alice, now=NOW)
    sweeping.sweep(now=NOW + HOUR)
    incidents.resolve(incident, by=alice, now=NOW + HOUR)
    route(missed(event()), now=NOW + HOUR)
    failed = make.journey(status="failed")
    make.flip(failed, "status", "in_flight", "failed", due_at=None)
    routing.take_up(None, now=NOW)
    Delivery.objects.update(state="sent")
    for one in incident.alerts.all():
        met(one.journey)
    sweeping.sweep(now=NOW + 2 * HOUR)
    pausing.pause(channel("gone").pk, "410 Gone", now=NOW)
    delivering.test_channel(desk, clock=lambda: NOW)
    count(LOST_TO_RETENTION, 1)
    sweeping.sweep(now=NOW)
    sweeping.sweep(now=NOW + 2 * HOUR)
    return {row.news: row.message for row in Delivery.objects.all()}


def test_every_message_is_as_its_schema_says(schema):
    found = bodies()

    kinds = schema["properties"]["data"]["properties"]["news"]["enum"]
    assert sorted(found) == sorted(kinds)
    for body in found.values():
        jsonschema.validate(body, schema, jsonschema.Draft202012Validator)
        described(body, schema)


def described(body, schema):
    """Assert that every field is in the schema: a new one must be described."""
    for name, value in body.items():
        assert name in schema["properties"], f"{name} is not in docs/alerts.md"
        if isinstance(value, dict):
            described(value, schema["properties"][name])


def test_every_task_and_permission_is_named():
    page = PAGE.read_text(encoding="utf-8")

    for name in ("alerting.route_flips", "alerting.deliver", "alerting.sweep"):
        assert name in page
    assert "alerting.act_on_incident" in page
