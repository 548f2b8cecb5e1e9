"""Log records on their way in: over HTTP, gRPC and from files, and what is kept of them."""

import gzip
import json
import threading
from datetime import UTC, datetime
from uuid import UUID

import grpc
import pytest
import zstandard
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from consumers import grpc_receiver, intake
from consumers.loop import Loop
from slatrack.tracking.log_models import LogBlock, LogPlace
from slatrack.tracking.models import SetAside, Source, Trace
from slatrack.tracking.recorder import record
from tests.consumers.test_loop import Message, Twin
from tests.otlp.build import SPAN, TRACE, export, span
from tests.otlp.build_logs import export_logs, log

PROTOBUF, JSON = "application/x-protobuf", "application/json"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DOCUMENT = json.dumps(
    {"resourceLogs": [{"scopeLogs": [{"logRecords": [
        {"traceId": TRACE.hex(), "spanId": SPAN.hex(), "timeUnixNano": "1", "body": {}}
    ]}]}]}
).encode()  # fmt: skip

pytestmark = pytest.mark.django_db


def post(client, data, kind=PROTOBUF, **headers):
    return client.post("/v1/logs", data, content_type=kind, headers=headers)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("zstd", zstandard.ZstdCompressor().compress), ("identity", bytes)],
)
def test_http_takes_log_records_and_keeps_them_once(client, encoding, pack):
    for _ in range(2):
        data = pack(export_logs(log("a"), log("b")))
        response = post(client, data, **{"Content-Encoding": encoding})
        answer = ExportLogsServiceResponse.FromString(response.content)
        assert (response.status_code, response["Content-Type"]) == (200, PROTOBUF)
        assert not answer.HasField("partial_success")

    assert (LogBlock.objects.get().logs, Trace.objects.count()) == (2, 0)
    assert LogPlace.objects.get().trace == UUID(bytes=TRACE)


def test_http_in_json(client):
    response = post(client, DOCUMENT, JSON)

    assert (response.status_code, response.json()) == (200, {})
    assert LogBlock.objects.get().logs == 1


def test_what_is_rejected_is_a_partial_success_and_is_set_aside(client):
    response = post(client, export(span()))

    answer = ExportLogsServiceResponse.FromString(response.content).partial_success
    assert (response.status_code, answer.rejected_log_records) == (200, 1)
    assert "1 log record(s) rejected: it is a span" in SetAside.objects.get().reason


def test_what_cannot_be_read_is_400_and_kept(client):
    response = post(client, b"noise")

    assert response.status_code == 400
    assert "not an OTLP logs export" in Status.FromString(response.content).message
    assert bytes(SetAside.objects.get().data) == b"noise"


def test_limits_methods_types_and_tokens_are_those_of_spans(client, monkeypatch):
    assert client.get("/v1/logs").status_code == 405
    assert post(client, export_logs(log()), "text/plain").status_code == 415
    monkeypatch.setattr(settings.SLATRACK, "ingest_tokens", "one")
    assert post(client, export_logs(log())).status_code == 401
    monkeypatch.setattr(settings.SLATRACK, "ingest_max_bytes", 10_000)
    bomb = gzip.compress(bytes(100_000_000))
    response = post(client, bomb, **{"Content-Encoding": "gzip", "X-Slatrack-Token": "one"})
    assert response.status_code == 413
    assert LogBlock.objects.count() == 0


def test_a_database_that_is_away_is_503(client, monkeypatch):
    def away():
        raise OperationalError("database is locked")

    monkeypatch.setattr(intake, "wanted", away)
    response = post(client, export_logs(log()))

    assert (response.status_code, "Retry-After" in response) == (503, True)


@pytest.mark.django_db(transaction=True)
def test_grpc_takes_log_records():
    server, port = grpc_receiver._start("127.0.0.1:0")
    service = grpc_receiver.SERVICES[intake.LOGS]
    assert service == "opentelemetry.proto.collector.logs.v1.LogsService"
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        export_method = channel.unary_unary(
            f"/{service}/Export", response_deserializer=ExportLogsServiceResponse.FromString
        )
        answer = export_method(export_logs(log()), timeout=10)
        assert not answer.HasField("partial_success")
        with pytest.raises(grpc.RpcError) as caught:
            export_method(b"noise", timeout=10)
    server.stop(0).wait()

    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert LogBlock.objects.get().logs == 1


def test_kafka_moves_offsets_with_the_log_records():
    twin = Twin([Message(4, export_logs(log())), Message(5, b"noise"), Message(6, DOCUMENT)])
    loop = Loop(twin, record=record, clock=lambda: NOW, stop=threading.Event(), holds=intake.LOGS)

    loop.run_once()

    assert Source.objects.get(partition=0).next_offset == 7
    assert (LogBlock.objects.get().logs, SetAside.objects.get().offset) == (2, 5)


def test_files_and_replays_tell_logs_from_spans_by_their_bytes(client, tmp_path, capsys):
    (tmp_path / "logs.pb").write_bytes(export_logs(log("a"), log(trace_id=b"")))
    (tmp_path / "both.jsonl").write_bytes(DOCUMENT + b"\n" + b'{"resourceSpans": []}')

    call_command("replay_spans", str(tmp_path / "logs.pb"), str(tmp_path / "both.jsonl"))

    assert "log records 3" in capsys.readouterr().out
    assert sum(LogBlock.objects.values_list("logs", flat=True)) == 2
    (tmp_path / "nothing.jsonl").write_bytes(b'{"resourceSpans": []}')
    with pytest.raises(CommandError, match="no span and no log record"):
        call_command("replay_spans", str(tmp_path / "nothing.jsonl"))


def test_a_trace_has_a_limit(client, monkeypatch):
    monkeypatch.setattr(settings.SLATRACK, "logs_per_trace", 3)
    post(client, export_logs(*(log(f"{n}") for n in range(5))))
    post(client, export_logs(log("one more"), log("other trace", trace_id=b"x" * 16)))

    assert sorted(len(bytes(one.digests)) // 8 for one in LogPlace.objects.all()) == [1, 3]


def test_kept_nothing_all_is_accepted(client, monkeypatch):
    monkeypatch.setattr(settings.SLATRACK, "logs_keep", "nothing")

    assert post(client, export_logs(log())).status_code == 200
    assert LogBlock.objects.count() == 0
