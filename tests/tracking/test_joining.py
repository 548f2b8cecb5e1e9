"""Errands: what a crash leaves is done later, what can never be done stops no other."""

from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError, transaction

from slatrack.domain.spans import Link
from slatrack.tracking import flows, housekeeping, joining, models, recorder
from slatrack.tracking.packing import unpack_trace
from slatrack.tracking.recorder import record
from tests.away import away
from tests.spans import NOON, span_id, trace_id
from tests.trades import DOCUMENT, accepted, enriched, received

pytestmark = pytest.mark.django_db

NOW = NOON + timedelta(seconds=30)
LINK = Link(trace_id("T1"), span_id("accepted"))


@pytest.fixture(autouse=True)
def _flow():
    flows.save(DOCUMENT, now=NOON - timedelta(days=1))


def sent():
    return [received("T1", trace="T1"), accepted(trace="T1")]


def read(**fields):
    return enriched(trace="later", parent="")._replace(links=(LINK,), **fields)


def recorded_before_a_crash(spans):
    """The writer dies right after its commit."""
    with transaction.atomic():
        recorder._record(spans, now=NOW)


def spans():
    return models.Journey.objects.get().spans


def test_what_a_crash_leaves_is_done_by_the_next_batch():
    record(sent(), now=NOW)
    recorded_before_a_crash([read()])
    assert spans() == 2
    record(sent(), now=NOW)
    assert spans() == 3
    assert not models.Errand.objects.exists()


def test_what_a_crash_leaves_is_done_by_the_watcher_after_a_while():
    record(sent(), now=NOW)
    recorded_before_a_crash([read()])
    joining.join_left(now=NOW + joining.LEFT)
    assert spans() == 2  # its writer may just be busy with it
    joining.join_left(now=NOW + 2 * joining.LEFT)
    assert spans() == 3


def test_an_errand_that_can_never_be_carried_out_stops_no_other(caplog):
    models.Errand.objects.create(data=b"damaged", created_at=NOW)
    record([*sent(), read()], now=NOW)
    assert spans() == 3
    assert not models.Errand.objects.exists()
    assert "cannot be worked out" in caplog.text


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed")])
def test_an_errand_is_not_to_blame_for_a_database_that_is_away(error, caplog):
    models.Errand.objects.create(data=b"damaged", created_at=NOW)
    with away(error):
        assert joining.join_all(now=NOW) == (0, 0)
    assert models.Errand.objects.exists()
    assert not caplog.records


def test_a_trace_that_is_linked_to_waits_for_its_spans_and_expires():
    record([read()], now=NOW)
    waiting = models.Trace.objects.get(id=trace_id("T1").hex())
    assert (waiting.spans, waiting.bound) == (0, False)
    [tie] = unpack_trace(waiting.state).trace.given
    assert (tie.other, tie.span_id) == (trace_id("later"), span_id("accepted"))

    housekeeping.expire_parked(now=NOW + timedelta(days=1))
    assert not models.Trace.objects.exists()


def test_messages_expire_with_what_is_parked():
    place = {"partition": 0, "offset": 3, "operation": "process"}
    record([span._replace(topic="t", **place) for span in [*sent(), read()]], now=NOW)
    assert models.MessageBlock.objects.count() == 1
    housekeeping.expire_parked(now=NOW + timedelta(days=1))
    assert not models.MessageBlock.objects.exists()
