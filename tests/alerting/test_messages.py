from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.urls import resolve

from slatrack.alerting import routing
from slatrack.alerting.models import Delivery
from slatrack.alerting.wording import plain, spoken
from slatrack.tracking.models import Outlook
from tests import factories as make
from tests.alerting.told import DUE, NOW, channel, event, missed, route, warned

pytestmark = pytest.mark.django_db

EARLY = DUE - timedelta(minutes=2, seconds=27)


def said(*flips, now=NOW):
    """Return the message about some flips."""
    channel()
    routing.take_up([flip.pk for flip in flips], now=now)
    return Delivery.objects.get().message


def sentence(*flips, now=NOW):
    return said(*flips, now=now)["data"]["sentence"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (-5, "0 s"),
        (59.6, "1 min"),
        (147, "2 min 27 s"),
        (3600, "1 h"),
        (3661, "1 h 1 min"),
        (90_000, "1 d 1 h"),
        (86_460, "1 d"),
    ],
)
def test_durations_are_spoken(seconds, words):
    assert spoken(timedelta(seconds=seconds)) == words


def test_a_warning_says_how_much_time_is_left():
    row = event(key="TRD-1", step_at=EARLY - make.minutes(10))

    assert sentence(warned(row), now=EARLY) == (
        "TRD-1 will miss “report within 15 minutes” in 2 min 27 s (due 12:15:00 UTC): "
        "waiting for 10 min after accepted."
    )


def test_a_miss_says_where_the_event_is():
    row = event(key="TRD-1", step="enriched", working=True, step_at=NOW - make.minutes(3))

    assert sentence(missed(row)) == (
        "TRD-1 missed “report within 15 minutes”, due 12:15:00 UTC: working for 3 min in enriched."
    )


def test_a_miss_that_was_noticed_late_says_so():
    later = DUE + make.minutes(10)

    text = sentence(missed(event(), recorded_at=later), now=later)

    assert text.endswith("This was noticed 10 min after it was due.")


def test_a_late_arrival_says_so():
    assert "due 12:15:00 UTC: reached late." in sentence(missed(event(), reason="reached late"))


def test_an_instant_of_another_day_has_its_date():
    assert "due 2026-11-20 12:15:00 UTC" in sentence(missed(event()), now=NOW + timedelta(days=1))


def test_failed_and_lost_say_where():
    row = make.journey(key="TRD-1", status="failed", step="enriched")

    assert sentence(make.flip(row, "status", "in_flight", "failed")) == "TRD-1 failed in enriched."


def test_a_lost_event_says_since_when():
    row = make.journey(key="TRD-1", status="lost", step_at=NOW - timedelta(days=1))

    assert sentence(make.flip(row, "status", "in_flight", "lost")) == (
        "TRD-1 is lost: nothing was seen of it for 1 d, last in accepted."
    )


def test_of_many_the_worst_leads_and_all_are_counted():
    calm, bad = event(key="TRD-1"), event(key="TRD-2")

    text = sentence(warned(calm), missed(bad))

    assert text.startswith("TRD-2 missed ")
    assert text.endswith("It is one of 2 events with this cause.")


def outlook(row, **fields) -> Outlook:
    values = {
        "flow": row.flow, "deadline": "report within 15 minutes", "until": "reported", "at": NOW,
        "read_to": NOW, "events": 500, "waiting": 412, "misses": 3.4, "pace": 1.0, "observed": 50,
        "expected": 48.0, "first_due_at": DUE + timedelta(seconds=3),
        "last_due_at": DUE + make.minutes(17), "stopped_at": NOW - timedelta(seconds=40),
    }  # fmt: skip
    return Outlook.objects.create(**{**values, **fields})


def test_while_nothing_arrives_a_message_says_who_else_will_miss_it():
    row = event(key="TRD-1")
    outlook(row)

    data = said(missed(row))["data"]

    assert data["sentence"].endswith(
        " 412 events in flight will miss the same deadline between 12:15:03 UTC and 12:32:00 UTC"
        " if reported stays stopped."
    )
    assert data["coming"] == {
        "events": 412,
        "first_due_at": "2026-11-20T12:15:03.000Z",
        "last_due_at": "2026-11-20T12:32:00.000Z",
        "stopped": "reported",
    }


def test_while_events_arrive_a_message_says_how_many_will_miss_it_by_forecast():
    row = event(key="TRD-1")
    outlook(row, stopped_at=None, last_due_at=DUE + timedelta(seconds=3))

    assert sentence(missed(row)).endswith(
        " By forecast about 3 events in flight will miss the same deadline at 12:15:03 UTC."
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"stopped_at": None, "misses": 0.4},
        {"waiting": 0},
        {"events": 19},
        {"at": NOW - make.minutes(2)},
        {"deadline": "another"},
    ],
)
def test_what_is_not_known_to_come_is_not_said(fields):
    row = event(key="TRD-1")
    outlook(row, **fields)

    data = said(missed(row))["data"]

    assert "in flight" not in data["sentence"]
    assert data["coming"] is None


def test_a_message_links_to_where_people_open_slatrack(allow):
    allow(public_url="https://slatrack.example/")

    data = said(missed(event(key="TRD-1")))["data"]

    pages = [urlsplit(data[what]["url"]) for what in ("incident", "event")]
    assert {(page.scheme, page.netloc) for page in pages} == {("https", "slatrack.example")}
    assert [resolve(page.path).url_name for page in pages] == ["incident", "journey"]


def test_a_hostile_key_stays_on_one_line_and_short():
    text = sentence(missed(event(key="TRD\r\nBcc: x\u202e" + "9" * 400)))

    assert text.isprintable()
    assert len(text) < 300


def test_plain_keeps_what_is_harmless():
    assert plain("TRD-ü 1") == "TRD-ü 1"


def test_an_incident_without_pages_still_has_a_link(settings):
    settings.ROOT_URLCONF = "tests.alerting.no_urls"
    data = said(missed(event()))["data"]

    assert data["incident"]["url"] == "http://127.0.0.1:8000/"


def test_the_incident_and_its_event_are_in_the_body():
    row = event(key="TRD-1")

    body = said(missed(row))

    assert body["type"] == "slatrack.incident.opened"
    assert body["timestamp"] == "2026-11-20T12:15:01.000Z"
    data = body["data"]
    assert (data["rung"], data["severity"], data["news"]) == ("missed", "critical", "opened")
    assert data["event"]["due_at"] == "2026-11-20T12:15:00.000Z"
    assert data["incident"]["number"] == route().number
