"""Cases 6 and 7: state stores, caches, aggregates and lookups touch other events; and case 8."""

import pytest

from slatrack.domain.edges import Reference
from slatrack.tracking.models import Trace
from slatrack.tracking.packing import unpack_trace
from tests.cases_journeys.play import (
    CONSUMER,
    INTERNAL,
    PRODUCER,
    SERVER,
    Play,
    always,
    message,
    steps,
)
from tests.spans import span_id, trace_id

pytestmark = pytest.mark.django_db

DOCUMENT = """\
flow: payments
event_key: [payment.id]
steps:
  - {step: paid, role: ingress, match: {kind: server, service: gateway}}
  - {step: balanced, match: {kind: consumer, service: balancer}, after: [paid]}
  - {step: told, role: sink, match: {kind: producer, topic: balances}, after: [balanced]}
"""


def payment(one: Play, key: str, *, last: str = "") -> None:
    """A payment changes a balance; the store's value was last written by payment `last`."""
    before = [f"{last}-balance"] if last else []
    one.add(f"{key}-paid", "gateway", SERVER, key, **{"payment.id": key})
    one.add(f"{key}-sent", "gateway", PRODUCER, key, parent=f"{key}-paid", **message("payments"))
    one.add(f"{key}-balance", "balancer", CONSUMER, key, parent=f"{key}-sent",
            called="payments process", **message("payments"))  # fmt: skip
    one.add(f"{key}-get", "balancer", INTERNAL, key, parent=f"{key}-balance",
            called="balances state-store-get", links=before)  # fmt: skip
    one.add(f"{key}-put", "balancer", INTERNAL, key, parent=f"{key}-balance",
            called="balances state-store-put", links=before)  # fmt: skip
    one.add(f"{key}-told", "balancer", PRODUCER, key, parent=f"{key}-put",
            links=before, **message("balances"))  # fmt: skip


def test_case_6_a_store_s_reader_refers_to_who_wrote_and_is_not_merged():
    one = Play()
    payment(one, "P1")
    payment(one, "P2", last="P1")
    payment(one, "P3", last="P2")
    journeys = always(one, DOCUMENT)
    assert {key: (j["status"], j["spans"], j["traces"]) for key, j in journeys.items()} == {
        key: ("done", 6, [trace_id(key).hex()]) for key in ("P1", "P2", "P3")
    }
    facts = unpack_trace(Trace.objects.get(id=trace_id("P3").hex()).state).trace.facts
    there = (trace_id("P2"), span_id("P2-balance"))
    assert facts[span_id("P3-get")].references == (
        Reference(*there, "last wrote the value read from balances"),
    )
    assert facts[span_id("P3-put")].references[0].why.startswith("last wrote the value replaced")
    assert facts[span_id("P3-told")].references[0].why == "went into a message sent here"


def test_case_6_an_aggregate_of_many_is_its_own_event():
    one = Play()
    for key in ("P1", "P2"):
        payment(one, key)
    one.add("window", "balancer", INTERNAL, "window", called="totals aggregate",
            links=["P1-balance", "P2-balance"], **{"payment.id": "TOTAL"})  # fmt: skip
    one.add("total", "balancer", PRODUCER, "window", parent="window", **message("balances"))
    journeys = always(one, DOCUMENT)
    assert list(steps(journeys["TOTAL"])) == ["told"]
    assert {key: j["spans"] for key, j in journeys.items()} == {"P1": 6, "P2": 6, "TOTAL": 2}


def test_case_7_a_cache_flushed_in_another_iteration_goes_on_with_its_event():
    """Under the span of another event's record, the store lets go what it had kept of the first."""
    one = Play()
    for key in ("P1", "P2"):
        one.add(f"{key}-paid", "gateway", SERVER, key, **{"payment.id": key})
        one.add(f"{key}-sent", "gateway", PRODUCER, key, parent=f"{key}-paid",
                **message("payments"))  # fmt: skip
        one.add(f"{key}-balance", "balancer", CONSUMER, key, parent=f"{key}-sent",
                called="payments process", **message("payments"))  # fmt: skip
    one.add("flush", "balancer", INTERNAL, "P2", parent="P2-balance",
            called="balances cache-flush", links=["P1-balance"])  # fmt: skip
    one.add("told", "balancer", PRODUCER, "P2", parent="flush", **message("balances"))
    journeys = always(one, DOCUMENT)
    assert steps(journeys["P1"]) == {
        "paid": ("key", 1, 1),
        "balanced": ("ancestry", 1, 1),
        "told": ("ancestry", 1, 1),
    }
    assert list(steps(journeys["P2"])) == ["paid", "balanced"]


def test_case_8_changelog_and_repartition_are_part_of_the_way():
    one = Play()
    one.add("paid", "gateway", SERVER, "P1", **{"payment.id": "P1"})
    one.add("sent", "gateway", PRODUCER, "P1", parent="paid", **message("payments", 1))
    one.add("map", "balancer", CONSUMER, "first", called="payments process",
            **message("payments", 1))  # fmt: skip
    one.add("split", "balancer", PRODUCER, "first", parent="map",
            **message("app-balances-repartition", 70))  # fmt: skip
    one.add("log", "balancer", PRODUCER, "first", parent="map",
            **message("app-balances-changelog", 8))  # fmt: skip
    one.add("sum", "balancer", CONSUMER, "second", called="app-balances-repartition process",
            **message("app-balances-repartition", 70))  # fmt: skip
    one.add("told", "balancer", PRODUCER, "second", parent="sum", **message("balances"))
    [journey] = always(one, DOCUMENT).values()
    assert journey["status"] == "done"
    assert journey["spans"] == 7
