"""What the fault benchmark finds of messages: what was told against what is on record."""

import urllib.request
from collections import Counter

import pytest

from slatrack.alerting import routing
from slatrack.alerting.models import Delivery
from slatrack.bench.faults import telling
from tests.alerting.test_burst import burst
from tests.alerting.told import NOW, channel

pytestmark = pytest.mark.django_db


@pytest.fixture
def told():
    """An incident of misses, of which a channel was told: how often, by the id of each message."""
    channel()
    routing.take_up(burst(2), now=NOW)
    Delivery.objects.update(state="sent")
    return Counter(Delivery.objects.values_list("key", flat=True))


def test_what_was_told_once_or_again_is_right(told):
    assert list(telling.broken(told)) == []
    assert list(telling.broken(told + told)) == []


def test_a_message_that_is_on_record_as_sent_was_received(told):
    assert list(telling.broken(Counter())) == [
        f"1 messages on record as sent that nobody received: {next(iter(told))}"
    ]


def test_nobody_hears_what_was_never_decided(told):
    [said] = telling.broken(told + Counter(["another"]))
    assert said == "1 messages received that nobody decided: another"


def test_no_message_fails_and_no_incident_of_misses_stays_untold(told):
    Delivery.objects.update(state="failed")
    assert [said.partition(":")[0] for said in telling.broken(told)] == [
        "1 messages that failed",
        "1 incidents of misses of which nobody was told",
    ]


def test_all_is_told_once_no_news_waits_and_no_message(told):
    assert telling.all_told()
    Delivery.objects.update(state="pending")
    assert not telling.all_told()
    Delivery.objects.update(state="superseded")
    burst(1)
    assert not telling.all_told()


def test_the_receiver_counts_each_message_by_its_id():
    with telling.receiving() as receiver:
        for key in ("a", "b", "a"):
            asked = urllib.request.Request(receiver.url, b"{}", {"webhook-id": key})
            with urllib.request.urlopen(asked, timeout=10) as answer:
                assert answer.status == 204
    assert receiver.told == {"a": 2, "b": 1}
