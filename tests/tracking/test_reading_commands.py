"""`show_journey` and `watch_deadlines`, and a journey as readers see it on its way."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from slatrack.tracking import flows, reading, watcher
from slatrack.tracking.models import Deadline, Journey, Source
from slatrack.tracking.recorder import record
from tests.spans import NOON
from tests.trades import DOCUMENT, accepted, enriched, received, trade

pytestmark = pytest.mark.django_db

FLOW = "trade-reporting"
NOW = NOON + timedelta(seconds=30)


@pytest.fixture(autouse=True)
def trade_reporting():
    flows.save(DOCUMENT, now=NOON - timedelta(days=1))


def show(*args, **options):
    out = io.StringIO()
    call_command("show_journey", *args, stdout=out, **options)
    return json.loads(out.getvalue())


def minutes(count):
    return NOON + timedelta(minutes=count)


@pytest.mark.parametrize(
    "key", ["T1", "a/b c?d#e", "Ünï\u2028\N{GRINNING FACE}", "'; --", "x" * 500]
)
def test_a_journey_is_shown_whatever_its_key(key):
    record([received(key), accepted(key)], now=NOW)
    shown = show(FLOW, key)
    assert shown["key"] == key
    assert [step["step"] for step in shown["steps"]] == ["received", "accepted"]


def test_its_spans_are_shown_on_demand():
    record(trade("T1"), now=NOW)
    spans = show(FLOW, "T1", spans=True)["span_list"]
    assert [one["step"] for one in spans] == ["received", "accepted", "enriched", "reported"]
    assert "span_list" not in show(FLOW, "T1")


@pytest.mark.parametrize(("flow", "key"), [(FLOW, "T2"), ("nowhere", "T1")])
def test_a_journey_that_is_not_there_ends_with_1(flow, key):
    record(trade("T1"), now=NOW)
    with pytest.raises(CommandError, match=f"no journey of event '{key}' in flow") as caught:
        show(flow, key)
    assert caught.value.returncode == 1


def test_a_journey_on_its_way_says_what_is_due_and_what_is_not_yet_seen():
    record([received("T1"), accepted("T1")], now=NOW)
    seen = reading.journey(FLOW, "T1", now=minutes(5))
    [deadline] = seen["deadlines"]
    assert deadline["sentence"] == "Due in 10 min"
    assert (deadline["verdict"], deadline["reached_at"]) == ("waiting", None)
    assert deadline["warnings"] == ["2026-11-20T12:07:30.000Z", "2026-11-20T12:12:00.000Z"]
    assert [gap["reason"] for gap in seen["gaps"]] == ["not yet", "not yet"]
    assert seen["ended_at"] is None


def test_a_late_journey_says_by_how_much():
    record([received("T1"), accepted("T1")], now=NOW)
    watcher.settle_due(now=minutes(16))
    [deadline] = reading.journey(FLOW, "T1", now=minutes(17))["deadlines"]
    assert (deadline["verdict"], deadline["sentence"]) == ("missed", "Missed 2 min ago")
    assert deadline["watermark"] == "2026-11-20T12:16:00.000Z"


def test_while_telemetry_is_behind_it_is_unknown_and_says_so():
    record([received("T1"), enriched("T1")], now=NOW)
    Source.objects.create(name="replay:1", watermark_at=minutes(14), alive_at=minutes(16))
    watcher.settle_due(now=minutes(16))
    seen = reading.journey(FLOW, "T1", now=minutes(16))
    [deadline] = seen["deadlines"]
    assert deadline["verdict"] == "unknown"
    assert deadline["sentence"] == "Unknown whether on time: telemetry 120 s behind"
    assert [(gap["step"], gap["reason"]) for gap in seen["gaps"]] == [
        ("accepted", "missing"),
        ("reported", "telemetry late"),
    ]


def test_watch_deadlines_once_settles_all_and_ends(monkeypatch):
    monkeypatch.setattr(watcher, "CHUNK", 2)
    monkeypatch.setitem(watcher.settle_due.__kwdefaults__, "limit", 2)
    record([received(f"T{n}", name=f"r{n}", trace=f"T{n}") for n in range(5)], now=NOW)
    call_command("watch_deadlines", once=True)
    assert Deadline.objects.filter(verdict="missed").count() == 5
    assert not Journey.objects.filter(next_at__lte=datetime.now(UTC)).exists()
