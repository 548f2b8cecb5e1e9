"""The memory benchmark measures what it says, and calls growth a defect."""

from datetime import UTC, datetime

import pytest

from slatrack.bench import giants, memory
from slatrack.bench.load import DOCUMENTS
from slatrack.tracking import flows
from slatrack.tracking.models import Journey, Trace


@pytest.mark.django_db
def test_what_is_parked_is_counted_and_expires():
    flows.save(DOCUMENTS, now=datetime.fromtimestamp(0, UTC))
    figures = memory._fed(giants.parked(2_000), print)
    assert (figures["spans"], figures["batches"]) == (2_000, 2)
    assert memory._at_rest() == {"traces": 250, "spans_kept": 2_000}
    assert memory._expired()["expired_spans"] == 2_000


@pytest.mark.django_db
def test_a_put_with_many_links_is_every_event_s():
    flows.save(DOCUMENTS, now=datetime.fromtimestamp(0, UTC))
    memory._fed(giants.links(150), print)
    assert Journey.objects.count() == 150
    assert set(Journey.objects.values_list("spans", flat=True)) == {2}
    assert not Trace.objects.filter(bound=False).exists()


def test_memory_that_grows_with_the_input_is_a_defect():
    calm = {"parked.memory_first_bytes": 10**8, "parked.memory_last_bytes": 2 * 10**8}
    assert memory._wrong(calm) == ""
    grown = {**calm, "parked.memory_last_bytes": 10**9}
    assert memory._wrong(grown) == "memory grows with the input: parked"


@pytest.mark.django_db
def test_journeys_that_never_arrive_stay_in_flight_and_are_the_measure():
    flows.save(DOCUMENTS, now=datetime.fromtimestamp(0, UTC))
    figures = memory._fed(giants.in_flight(600), print)
    assert figures["spans"] == 600
    grown = figures | {"memory_first_bytes": 1_000, "memory_last_bytes": 19_000}
    found = memory._in_flight(grown)
    assert found == {"journeys_in_flight": 100, "bytes_per_journey_in_flight": 200.0}
