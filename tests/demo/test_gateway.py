"""The gateway and the collector: what they take, what they refuse, what reaches Kafka."""

import json

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider

from slatrack.demo.collector import Collector
from slatrack.demo.gateway import gateway
from slatrack.demo.messaging import TracedProducer
from slatrack.demo.topics import ensure
from slatrack.demo.web import MAX_BODY
from tests.demo.calls import call
from tests.demo.topic import read_until, reader, spans


@pytest.fixture
def front(mock_brokers: str):
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("test")
    producer = TracedProducer(mock_brokers, tracer, "gateway-producer")
    yield gateway(producer)
    producer.close()


async def test_each_order_of_a_batch_becomes_a_message(front, mock_brokers: str):
    ensure(mock_brokers)
    orders = [{"report.id": f"R-{number}", "venue": "XLON"} for number in range(3)]
    status, answer = await call(front, "POST", "/trades/batch", orders)

    assert status == 202
    assert answer == {"accepted": ["R-0", "R-1", "R-2"]}
    with reader(mock_brokers, "reports.accepted") as consumer:
        messages = read_until(consumer, lambda read: len(read) == 3)
    assert sorted(json.loads(m.value())["report.id"] for m in messages) == ["R-0", "R-1", "R-2"]
    assert {m.key() for m in messages} == {b"R-0", b"R-1", b"R-2"}


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"{", 400, "not JSON"),
        ({"venue": "XLON"}, 400, "trade.id is missing"),
        ([{"trade.id": "T-1"}, 7], 400, "not int"),
        (b" " * (MAX_BODY + 1), 413, "larger than"),
    ],
)
async def test_what_is_no_order_is_refused_and_nothing_is_sent(front, body, status, reason):
    found, answer = await call(front, "POST", "/trades", body)
    assert found == status
    assert reason in answer["error"]


def request(service: str, names: list[str]) -> ExportTraceServiceRequest:
    made = ExportTraceServiceRequest()
    group = made.resource_spans.add()
    group.resource.attributes.add(key="service.name").value.string_value = service
    scope = group.scope_spans.add()
    for name in names:
        scope.spans.add(name=name)
    return made


async def test_the_collector_merges_requests_into_one_record(mock_brokers: str):
    ensure(mock_brokers)
    collector = Collector(mock_brokers)
    for sent in (request("gateway", ["a", "b"]), request("sink", ["c"])):
        status, _ = await call(collector.app, "POST", "/v1/traces", sent.SerializeToString())
        assert status == 200
    status, answer = await call(collector.app, "POST", "/v1/traces", b"\xff")
    assert status == 400
    assert "not an OTLP request for otlp_spans" in answer["message"]

    collector.close()

    with reader(mock_brokers, "otlp_spans") as consumer:
        [record] = read_until(consumer, lambda read: len(read) == 1)
    found = [(service, span.name) for service, span in spans([record])]
    assert found == [("gateway", "a"), ("gateway", "b"), ("sink", "c")]
    assert record.key() is None
