"""Which services are heard of: from the batches recorded, coarse, bounded."""

from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError

from slatrack.tracking import flows, heard
from slatrack.tracking.models import HeardService
from slatrack.tracking.recorder import record
from tests.away import away
from tests.spans import NOON, span
from tests.trades import DOCUMENT

pytestmark = pytest.mark.django_db


def seconds(count):
    return timedelta(seconds=count)


@pytest.fixture(autouse=True)
def trade_reporting():
    flows.save(DOCUMENT, now=NOON - timedelta(days=1))


def test_the_newest_span_of_each_service_counts():
    spans = [span("a", at=1), span("b", at=3), span("c", service="other", at=2)]
    record(spans, now=NOON + seconds(60))

    found = heard.heard_at(["service", "other", "nobody"])

    assert found == {"service": NOON + seconds(4), "other": NOON + seconds(3)}


def test_old_spans_that_come_late_take_nothing_back():
    record([span("new", at=100)], now=NOON + seconds(200))
    heard.forget()  # as in another process
    record([span("old", at=1)], now=NOON + seconds(200))

    assert heard.heard_at(["service"]) == {"service": NOON + seconds(101)}


def test_it_is_written_once_in_a_while(django_assert_num_queries):
    heard.note([span("a", at=0)], now=NOON + seconds(60))
    with django_assert_num_queries(0):
        heard.note([span("b", at=4)], now=NOON + seconds(60))
    heard.note([span("c", at=9)], now=NOON + seconds(60))

    assert heard.heard_at(["service"]) == {"service": NOON + seconds(10)}


def test_a_clock_that_is_ahead_does_not_hide_a_later_silence():
    heard.note([span("a", at=50_000)], now=NOON + seconds(60))
    assert heard.heard_at(["service"]) == {"service": NOON + seconds(60)}


def test_names_are_bounded(monkeypatch):
    monkeypatch.setattr(heard, "MOST", 3)
    spans = [span(f"s{n}", service=f"made-up-{n}") for n in range(10)]
    heard.note(spans, now=NOON + seconds(60))
    heard.note([span("t", service="made-up-99", at=60)], now=NOON + seconds(60))

    assert HeardService.objects.count() == 3


def test_services_that_are_gone_are_forgotten():
    heard.note([span("a")], now=NOON)
    assert heard.expire(now=NOON + timedelta(days=89)) == 0
    assert heard.expire(now=NOON + timedelta(days=91)) == 1


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed")])
def test_who_cannot_note_it_goes_on(error, caplog):
    with away(error):
        heard.note([span("a", at=1)], now=NOON + seconds(60))

    assert "it could not be noted which services are alive" in caplog.text
