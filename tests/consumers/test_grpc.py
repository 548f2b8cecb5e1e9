"""OTLP over gRPC, as the SDK's channel sees it."""

import queue
import threading

import grpc
import pytest
from django.conf import settings
from django.db import OperationalError
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from consumers import grpc_receiver, intake
from slatrack.tracking.models import SetAside, Trace
from tests.otlp.build import export, span

METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def channel(monkeypatch, transactional_db):
    monkeypatch.setattr(settings.SLATRACK, "grpc_port", PORT)
    stop, ports, ready = threading.Event(), [], threading.Event()

    def started(port):
        ports.append(port)
        ready.set()

    thread = threading.Thread(target=grpc_receiver.run, args=(stop, started))
    thread.start()
    assert ready.wait(10)
    with grpc.insecure_channel(f"127.0.0.1:{ports[0]}") as opened:
        yield opened
    stop.set()
    thread.join()


PORT = 0  # any that is free


def call(channel, data, metadata=(), compression=None):
    method = channel.unary_unary(
        METHOD, response_deserializer=ExportTraceServiceResponse.FromString
    )
    return method(data, metadata=metadata, compression=compression, timeout=60)


def code_of(channel, data, **options):
    with pytest.raises(grpc.RpcError) as caught:
        call(channel, data, **options)
    return caught.value.code()


def test_spans_come_in(channel):
    for compression in (None, grpc.Compression.Gzip):
        answer = call(channel, export(span()), compression=compression)
        assert not answer.HasField("partial_success")

    assert Trace.objects.get().spans == 1
    assert call(channel, ExportTraceServiceRequest().SerializeToString()) is not None


def test_what_is_wrong_has_a_code_that_tells_whether_to_send_again(channel, monkeypatch):
    assert code_of(channel, b"no protobuf") is grpc.StatusCode.INVALID_ARGUMENT
    assert SetAside.objects.get().source == "grpc"

    answer = call(channel, export(span(span_id=bytes(8))))
    assert answer.partial_success.rejected_spans == 1

    def away():
        raise OperationalError("database is locked")

    monkeypatch.setattr(intake, "wanted", away)
    with pytest.raises(grpc.RpcError) as caught:
        call(channel, export(span()))
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert retry_after(caught.value) > 0


def retry_after(error):
    """Return the seconds after which a sender is asked to send again: OTLP wants them named."""
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    [packed] = Status.FromString(details).details
    info = RetryInfo()
    assert packed.Unpack(info)
    return info.retry_delay.seconds


def test_more_requests_than_can_wait_are_asked_to_come_again_and_lose_nothing(monkeypatch):
    go_on, recorded = threading.Event(), grpc_receiver.take

    def slow(*args, **options):
        assert go_on.wait(60)
        return recorded(*args, **options)

    monkeypatch.setattr(grpc_receiver, "take", slow)
    monkeypatch.setattr(grpc_receiver, "AT_ONCE", 1)
    monkeypatch.setattr(grpc_receiver, "IN_LINE", 2)
    server, port = grpc_receiver._start("127.0.0.1:0")
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        method = channel.unary_unary(METHOD)
        sent = [method.future(export(span(trace_id=bytes([n] * 16)))) for n in range(1, 9)]
        refused = first_done(sent)
        go_on.set()
        errors = [one.exception(timeout=60) for one in sent]
    server.stop(5).wait()

    assert refused.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    codes = {error.code() for error in errors if error}
    assert codes == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert all(retry_after(error) > 0 for error in errors if error)
    assert Trace.objects.count() == errors.count(None) >= 2


def first_done(calls):
    """Return the first call that ends, whichever it is."""
    done = queue.Queue()
    for call in calls:
        call.add_done_callback(done.put)
    return done.get(timeout=30)


def test_tokens(channel, monkeypatch):
    monkeypatch.setattr(settings.SLATRACK, "ingest_tokens", "one")

    assert code_of(channel, export(span())) is grpc.StatusCode.UNAUTHENTICATED
    call(channel, export(span()), metadata=[("authorization", "Bearer one")])
    call(channel, export(span()), metadata=[("x-slatrack-token", "one")])
    assert Trace.objects.count() == 1


def test_too_large_is_refused_also_after_decompression(monkeypatch):
    monkeypatch.setattr(settings.SLATRACK, "ingest_max_bytes", 100_000)
    server, port = grpc_receiver._start("127.0.0.1:0")
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        assert code_of(channel, bytes(200_000)) is grpc.StatusCode.RESOURCE_EXHAUSTED
        bomb = bytes(50_000_000)
        found = code_of(channel, bomb, compression=grpc.Compression.Gzip)
        assert found is grpc.StatusCode.RESOURCE_EXHAUSTED
    server.stop(0).wait()


def test_a_port_that_is_taken_is_named():
    server, port = grpc_receiver._start("127.0.0.1:0")
    try:
        with pytest.raises(grpc_receiver.PortTakenError, match=rf"{port}.*SLATRACK_GRPC_PORT"):
            grpc_receiver._start(f"127.0.0.1:{port}")
    finally:
        server.stop(0).wait()
