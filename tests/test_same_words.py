"""How an event stands to its deadline is said in the same words, wherever it is said."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

from slatrack.alerting import routing
from slatrack.alerting.models import Channel, Delivery
from slatrack.tracking.watcher import settle_due
from tests.dashboards.recorded import record, save_flow, step_span, trade
from tests.dashboards.signed_in import client
from tests.trades import DOCUMENT

pytestmark = pytest.mark.django_db

FLOW = "trade-reporting"
QUICKLY = (
    '  - {deadline: "%s", rule: {kind: duration, from: ingress, amount: %s}, until: reported}\n'
)


@pytest.fixture
def viewer():
    save_flow(now=datetime.now(UTC) - timedelta(days=1))
    return client("viewer")


def page(viewer, key):
    return viewer.get(f"/flows/{FLOW}/journeys/{key}").content.decode()


def from_api(viewer, address):
    return viewer.get(f"/api/flows/{FLOW}/journeys{address}").json()


def alert():
    values = {"kind": "webhook", "config": {"url": "http://127.0.0.1:9/"}}
    Channel.objects.create(name="desk", created_at=datetime.now(UTC), **values)
    routing.take_up(None, now=datetime.now(UTC))
    return Delivery.objects.get().message["data"]["sentence"]


def test_late_is_late_everywhere(viewer):
    start = datetime.now(UTC) - timedelta(seconds=1200)
    record(step_span("T", "received", start), step_span("T", "reported", start, after=1151))
    said = "Late by 4 min 12 s"

    assert said in page(viewer, "T")
    assert from_api(viewer, "/T")["deadlines"][0]["sentence"] == said
    [listed] = from_api(viewer, "")["items"]
    assert listed["deadlines"][0]["sentence"] == said
    exported = json.loads(viewer.get(f"/flows/{FLOW}/journeys/T?export=json").content)
    assert exported["journey"]["deadlines"][0]["sentence"] == said
    printed = io.StringIO()
    call_command("show_journey", FLOW, "T", stdout=printed)
    assert json.loads(printed.getvalue())["deadlines"][0]["sentence"] == said
    assert "late 04:12" in viewer.get("/?lane=done").content.decode()
    assert alert().endswith("UTC: late by 4 min 12 s.")


def test_missed_is_not_yet_late(viewer):
    trade("T", "received", ago=1000)
    settle_due(now=datetime.now(UTC))

    assert "Missed 1 min" in page(viewer, "T")
    assert "missed 01:4" in viewer.get("/?lane=missed").content.decode()


def test_an_event_that_is_done_without_its_proof_is_missed_and_not_late(viewer):
    earlier = datetime.now(UTC) - timedelta(hours=12)
    save_flow(DOCUMENT.replace("until: reported", "until: enriched"), now=earlier)
    start = datetime.now(UTC) - timedelta(seconds=1200)
    record(step_span("T", "received", start), step_span("T", "reported", start, after=1150))
    settle_due(now=datetime.now(UTC))

    assert "Missed" in page(viewer, "T")
    assert "late, due" not in page(viewer, "T")
    board = viewer.get("/?lane=done").content.decode()
    assert '<span class="hue">missed</span>' in board
    assert "Late</span>" not in board


def test_overdue_is_neither_late_nor_missed(viewer):
    trade("T", "received", ago=1000)
    assert "Overdue by 1 min" in page(viewer, "T")
    assert "overdue 01:4" in viewer.get("/").content.decode()


def test_a_verdict_that_was_taken_back_says_so(viewer):
    start = trade("T", "received", ago=1000)
    settle_due(now=datetime.now(UTC))
    record(step_span("T", "reported", start))

    said = page(viewer, "T")
    assert "On time, 13 min 59 s to spare" in said
    assert "It was missed until the span that proves it came, 15 min 39 s after the fact." in said


def test_several_deadlines_stand_side_by_side(viewer):
    many = "".join(QUICKLY % one for one in (("in a minute", "PT1M"), ("in an hour", "PT1H")))
    save_flow(DOCUMENT + many, now=datetime.now(UTC) - timedelta(hours=2))
    trade("T", ago=120)

    said = page(viewer, "T")
    assert 'aria-label="Deadlines"' in said
    for sentence in ("Late by 1 s", "On time, 58 min 59 s to spare", "On time, 13 min 59 s"):
        assert sentence in said
