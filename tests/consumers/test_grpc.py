"""OTLP over gRPC, as the SDK's channel sees it."""

import threading

import grpc
import pytest
from django.conf import settings
from django.db import OperationalError
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
    return method(data, metadata=metadata, compression=compression, timeout=10)


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
    assert code_of(channel, export(span())) is grpc.StatusCode.UNAVAILABLE


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
