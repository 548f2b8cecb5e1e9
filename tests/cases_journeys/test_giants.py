"""Case 24: journeys beyond any measure, and what an SDK's own limits leave out."""

import random

import pytest
from django.db.models import Sum
from django.db.models.functions import Length
from opentelemetry import trace as api
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from slatrack.domain.facts import MAX_FACTS
from slatrack.tracking import reading
from slatrack.tracking.models import Journey, SpanBlock
from tests.cases_journeys.play import (
    CONSUMER,
    INTERNAL,
    NOW,
    PRODUCER,
    SECOND,
    SERVER,
    Play,
    message,
    play,
    send,
    steps,
)
from tests.otlp.build import T0
from tests.spans import span_id, trace_id

pytestmark = pytest.mark.django_db
BATCH, KEPT = 140, 128  # an SDK keeps so many links of a span
PUT = """\
flow: trades
event_key: [trade.id]
steps:
  - {step: received, role: ingress, match: {kind: server, service: gateway}}
  - {step: reported, role: sink, match: {kind: consumer, service: sink}, after: [received]}
"""


def put_by_an_sdk(links: list[tuple[str, str]]) -> bytes:
    """A sink's span as the OpenTelemetry SDK makes it, with its own limits, as OTLP bytes."""
    made = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({"service.name": "sink"}))
    provider.add_span_processor(SimpleSpanProcessor(made))
    context = [
        api.Link(api.SpanContext(int.from_bytes(trace_id(trace)), int.from_bytes(span_id(name)),
                                 is_remote=True))
        for trace, name in links
    ]  # fmt: skip
    tracer = provider.get_tracer("connect")
    at = T0 + 60 * SECOND
    kind = api.SpanKind.CONSUMER
    tracer.start_span("enriched process", kind=kind, links=context, start_time=at).end(at + SECOND)
    return encode_spans(made.get_finished_spans()).SerializeToString()


class Batch(Play):
    """Events that one `put` of an SDK ends, all at once."""

    def __init__(self, events: int) -> None:
        super().__init__()
        for n in range(events):
            self.add(f"in{n}", "gateway", SERVER, f"T{n}", **{"trade.id": f"T{n:03}"})
            self.add(f"out{n}", "enricher", PRODUCER, f"T{n}", parent=f"in{n}",
                     **message("enriched"))  # fmt: skip
        self.put = put_by_an_sdk([(f"T{n}", f"out{n}") for n in range(events)])

    def batches(self, seed, size=0):
        yield self.put
        yield from super().batches(seed, size)


def test_case_24_a_batch_of_more_messages_than_an_sdk_links_says_which_events_it_may_hide():
    send(Batch(BATCH), PUT)
    found = dict(Journey.objects.values_list("key", "status"))
    done = sorted(key for key, status in found.items() if status == "done")
    assert (len(found), len(done)) == (BATCH, KEPT)
    shown = reading.journey("trades", done[0], now=NOW)
    assert steps(shown)["reported"] == ("link", KEPT, 1)

    hidden = reading.journey("trades", min(found.keys() - set(done)), now=NOW)
    [gap] = hidden["gaps"]
    assert (gap["reason"], hidden["complete"]) == ("link dropped", False)
    assert f"left out {BATCH - KEPT} of its links" in gap["sentence"]


def test_case_24_a_journey_of_more_spans_than_are_kept_is_bounded_and_says_so():
    one = Play()
    one.add("in", "gateway", SERVER, "T1", **{"trade.id": "T1"})
    one.add("out", "gateway", PRODUCER, "T1", parent="in", **message("accepted"))
    for n in range(MAX_FACTS + 200):
        one.add(f"work{n}", "gateway", INTERNAL, "T1", parent="in")
    one.add("process", "enricher", CONSUMER, "T1", parent="out", called="accepted process",
            **message("accepted"))  # fmt: skip
    [journey] = play(one, size=3_000).values()
    assert list(steps(journey)) == ["received", "accepted", "enriched"]
    assert (journey["truncated"], journey["spans"]) == (True, MAX_FACTS)

    random.Random(5).shuffle(one.spans)
    assert play(one, size=4_000) == {"T1": journey}


def test_case_24_an_attribute_of_ten_megabytes_costs_its_journey_nothing():
    one = Play()
    one.add("in", "gateway", SERVER, "T1", **{"trade.id": "T1"}, payload="x" * 10_000_000)
    one.add("out", "gateway", PRODUCER, "T1", parent="in", **message("accepted"))
    [journey] = play(one).values()
    assert list(steps(journey)) == ["received", "accepted"]
    assert SpanBlock.objects.aggregate(all=Sum(Length("data")))["all"] < 100_000
