"""OTLP over HTTP, as a sender sees it."""

import gzip
import io
import json
import tracemalloc

import pytest
import zstandard
from django.conf import settings
from django.db import OperationalError
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from consumers import http, intake
from consumers.bodies import TooLargeError, read_body
from slatrack.tracking.models import SetAside, Trace
from tests.otlp.build import SPAN, T0, TRACE, export, span

PROTOBUF, JSON = "application/x-protobuf", "application/json"
DOCUMENT = json.dumps(
    {"resourceSpans": [{"scopeSpans": [{"spans": [
        {"traceId": TRACE.hex(), "spanId": SPAN.hex(), "name": "n", "startTimeUnixNano": str(T0)}
    ]}]}]}
).encode()  # fmt: skip

pytestmark = pytest.mark.django_db


def post(client, data, kind=PROTOBUF, **headers):
    return client.post("/v1/traces", data, content_type=kind, headers=headers)


def test_protobuf(client):
    response = post(client, export(span()))

    assert (response.status_code, response["Content-Type"]) == (200, PROTOBUF)
    assert not ExportTraceServiceResponse.FromString(response.content).HasField("partial_success")
    assert Trace.objects.count() == 1


def test_json(client):
    response = post(client, DOCUMENT, JSON)

    assert (response.status_code, response["Content-Type"]) == (200, JSON)
    assert response.json() == {}
    assert Trace.objects.count() == 1


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("zstd", zstandard.ZstdCompressor().compress), ("identity", bytes)],
)
def test_compression(client, encoding, pack):
    assert post(client, pack(export(span())), **{"Content-Encoding": encoding}).status_code == 200
    assert Trace.objects.count() == 1


def test_an_empty_request_is_a_success(client):
    assert post(client, b"", **{"Content-Type": PROTOBUF}).status_code == 200


def test_sent_twice_it_is_stored_once(client):
    for _ in range(2):
        assert post(client, export(span())).status_code == 200

    assert Trace.objects.get().spans == 1


def test_rejected_spans_are_a_partial_success_and_are_set_aside(client):
    response = post(client, export(span(trace_id=bytes(16)), span()))

    answer = ExportTraceServiceResponse.FromString(response.content).partial_success
    assert response.status_code == 200
    assert answer.rejected_spans == 1
    assert "trace id is all zeros" in answer.error_message
    assert SetAside.objects.get().source == "http"
    assert Trace.objects.count() == 1


@pytest.mark.parametrize("data", [b"no protobuf", export(span())[:-2]])
def test_what_cannot_be_read_is_400_and_kept(client, data):
    response = post(client, data)

    assert (response.status_code, response["Content-Type"]) == (400, PROTOBUF)
    assert "not an OTLP trace export" in Status.FromString(response.content).message
    assert bytes(SetAside.objects.get().data) == data


def test_a_bad_document_is_400_in_json(client):
    response = post(client, b'{"resourceSpans": 1}', JSON)

    assert (response.status_code, response["Content-Type"]) == (400, JSON)
    assert "resourceSpans must be a list" in response.json()["message"]


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip", b"not gzip"),
        ("gzip", gzip.compress(b"x" * 999, mtime=0)[:-9]),
        ("zstd", b"not zstd"),
    ],
    ids=["not gzip", "cut off", "not zstd"],
)
def test_damaged_compression_is_400(client, encoding, data):
    assert post(client, data, **{"Content-Encoding": encoding}).status_code == 400


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("text/plain", {}),
        ("application/x-www-form-urlencoded", {}),
        (PROTOBUF, {"Content-Encoding": "br"}),
    ],
)
def test_other_types_and_encodings_are_415(client, kind, headers):
    assert post(client, export(span()), kind, **headers).status_code == 415


def test_only_post(client):
    response = client.get("/v1/traces")

    assert (response.status_code, response["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("zstd", zstandard.ZstdCompressor().compress)],
)
def test_100_mb_after_decompression_are_never_held_in_memory(encoding, pack):
    bomb = io.BytesIO(pack(bytes(100_000_000)))
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        read_body(bomb, encoding, limit=2_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 10_000_000


def test_the_limit_counts_after_decompression(client, monkeypatch):
    monkeypatch.setattr(settings.SLATRACK, "ingest_max_bytes", 10_000)
    data = gzip.compress(bytes(1_000_000))

    response = post(client, data, **{"Content-Encoding": "gzip"})

    assert response.status_code == 413
    assert "10,000 B" in Status.FromString(response.content).message


def test_larger_than_django_allows_forms_to_be(client):
    assert post(client, export(span(attributes={"a": "x" * 3_000_000}))).status_code == 200


def test_tokens(client, monkeypatch):
    monkeypatch.setattr(settings.SLATRACK, "ingest_tokens", "one, two")
    data = export(span())

    assert post(client, data).status_code == 401
    assert post(client, data, Authorization="Bearer three").status_code == 401
    assert post(client, data, Authorization="Basic one").status_code == 401
    assert post(client, data, **{"X-Slatrack-Token": "é"}).status_code == 401
    assert Trace.objects.count() == 0
    assert post(client, data, Authorization="Bearer two").status_code == 200
    assert post(client, data, **{"X-Slatrack-Token": "one"}).status_code == 200


@pytest.mark.parametrize(
    ("said", "state"), [("database is locked", "away"), ("database or disk is full", "full")]
)
def test_a_database_that_is_away_is_503_and_nothing_is_lost(client, monkeypatch, said, state):
    def away():
        raise OperationalError(said)

    monkeypatch.setattr(intake, "wanted", away)

    response = post(client, export(span()))

    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert f"the database is {state}; send again" in Status.FromString(response.content).message


def test_too_many_at_once_are_429(client, monkeypatch):
    monkeypatch.setattr(http, "PATIENCE", 0.01)
    for _ in range(http.AT_ONCE):
        http._turns.acquire()
    try:
        response = post(client, export(span()))
    finally:
        for _ in range(http.AT_ONCE):
            http._turns.release()

    assert response.status_code == 429
    assert "Retry-After" in response
    assert post(client, export(span())).status_code == 200
