"""Workers that do the same at once, on a real database with real commits."""

import threading

import pytest
from django.db import connection

from slatrack.alerting import outbox, routing
from slatrack.alerting.models import Alert, Delivery, Incident
from slatrack.tracking.models import UnroutedFlip
from tests.alerting.test_burst import burst
from tests.alerting.told import NOW, channel, event, missed, route, told

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*jobs):
    """Run each job in a thread of its own, started together; raise what any of them raised."""
    start, failed, results = threading.Barrier(len(jobs)), [], []

    def run(job):
        try:
            start.wait(10)
            results.append(job())
        except Exception as exc:
            failed.append(exc)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    return results


def test_two_that_take_up_the_same_flips_make_each_alert_once():
    channel()
    ids = burst(40)

    taken = at_once(
        lambda: routing.take_up(ids, now=NOW),
        lambda: routing.take_up(None, now=NOW),
        lambda: routing.take_up(ids, now=NOW),
    )

    routing.take_up(None, now=NOW)  # what was skipped because another held it
    assert sum(taken) <= 40
    assert not UnroutedFlip.objects.exists()
    assert Alert.objects.count() == 40
    assert told() == ["opened missed"]


def test_two_that_take_up_different_flips_of_one_cause_make_one_incident():
    channel()
    ids = burst(40)

    at_once(
        lambda: routing.take_up(ids[::2], now=NOW),
        lambda: routing.take_up(ids[1::2], now=NOW),
    )

    assert Incident.objects.get().events == 40
    assert told() == ["opened missed"]


def test_one_of_two_claims_a_delivery():
    channel()
    route(missed(event()))
    pk = Delivery.objects.get().pk

    claims = at_once(*[lambda: outbox.claim(pk, now=NOW)] * 3)

    assert [claim for claim in claims if claim] == [Delivery.objects.get()]
