import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from slatrack.demo import faults
from slatrack.demo.lines import TRADES
from slatrack.demo.stages import WorkFailedError
from slatrack.demo.work import Counterparties, route, validate

KEYS = [f"T-{number}" for number in range(60)]


def failures(attempt: int) -> int:
    failed = 0
    for key in KEYS:
        try:
            validate(TRADES, {TRADES.key: key}, attempt)
        except WorkFailedError:
            failed += 1
    return failed


def test_the_validator_fails_only_while_the_fault_is_on_and_passes_at_the_third_attempt():
    assert failures(1) == 0
    faults.set_active("error_burst", on=True)
    assert 10 < failures(1) < 30
    assert failures(2) == failures(1)
    assert failures(3) == 0


@pytest.mark.parametrize(
    ("order", "desk"),
    [
        ({"venue": "XTKS", "price": 1000.0, "quantity": 1001}, "large"),
        ({"venue": "XLON", "price": 1000.0, "quantity": 1001}, "standard"),
        ({"amount": 12.5}, "standard"),
    ],
)
def test_large_trades_go_to_the_large_desk(order, desk):
    assert route(TRADES, order, 1)["desk"] == desk


def test_the_enricher_remembers_and_links_to_the_last_writer():
    exporter = InMemorySpanExporter()
    tracing = TracerProvider(shutdown_on_exit=False)
    tracing.add_span_processor(SimpleSpanProcessor(exporter))
    memory = Counterparties(tracing.get_tracer("test"))

    seen = [
        memory.enrich(TRADES, {"counterparty": name}, 1)["counterparty.events"]
        for name in ("ALDGATE", "CORNHILL", "ALDGATE")
    ]

    assert seen == [1, 1, 2]
    first_put, last_get = exporter.get_finished_spans()[1], exporter.get_finished_spans()[4]
    assert first_put.name == "counterparties state-store-put"
    assert [link.context.span_id for link in last_get.links] == [first_put.context.span_id]
