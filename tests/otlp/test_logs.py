"""Log records: decoded, cut, packed and explained, whatever a sender may write."""

import json

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from slatrack.otlp import log_blocks
from slatrack.otlp.errors import Undecodable
from slatrack.otlp.full_logs import explain_log
from slatrack.otlp.log_decoding import LogRecord, decode_logs, holds_logs
from slatrack.otlp.severity import at_least, word
from tests.otlp.build import SPAN, TRACE, export, span
from tests.otlp.build_logs import export_logs, log

RICH = log(
    {"order": "T-1", "lines": [1, 2.5, True, "x"]},
    {"exception.type": "ValueError", "exception.message": "no", "n": 3},
    severity_number=17,
    severity_text="ERROR",
    event_name="order.refused",
)


def one_of(data: bytes, **options) -> LogRecord:
    decoded = decode_logs(data, **options)
    assert (decoded.rejected, decoded.untraced) == ([], 0)
    [found] = decoded.logs
    return found


def as_json(data: bytes) -> bytes:
    """OTLP's own JSON: ids in hex."""
    document = MessageToDict(ExportLogsServiceRequest.FromString(data))
    [record] = document["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    record |= {"traceId": TRACE.hex(), "spanId": SPAN.hex()}
    return json.dumps(document).encode()


def test_all_that_was_sent_is_explained():
    said = explain_log(one_of(export_logs(RICH)))

    assert said["time"] == "2026-11-20T12:00:00.000000000Z"
    assert (said["trace_id"], said["span_id"]) == (TRACE.hex(), SPAN.hex())
    assert (said["severity"], said["severity_number"]) == ("error", 17)
    assert said["body"] == {"order": "T-1", "lines": [1, 2.5, True, "x"]}
    assert said["exception"] == {"type": "ValueError", "message": "no"}
    assert (said["service"], said["event_name"], said["cut"]) == ("shop", "order.refused", False)


def test_json_says_the_same_as_protobuf():
    data = export_logs(RICH)

    assert explain_log(one_of(as_json(data))) == explain_log(one_of(data))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"severityNumber": "SEVERITY_NUMBER_WARN2"}, ("severity", "warn")),
        ({"body": "only text"}, ("body", "only text")),
        ({"body": None}, ("body", None)),
        ({"timeUnixNano": "0", "observedTimeUnixNano": 1}, ("time_ns", 1)),
        ({"unknown": {"field": 1}}, ("severity", "error")),
    ],
)
def test_liberties_of_json(change, expected):
    document = json.loads(as_json(export_logs(RICH)))
    document["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0] |= change

    said = explain_log(one_of(json.dumps(document).encode()))

    assert said[expected[0]] == expected[1]


def test_one_bad_record_in_json_takes_no_neighbour_with_it():
    document = json.loads(as_json(export_logs(RICH)))
    records = document["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    records.append({**records[0], "timeUnixNano": "noon"})

    decoded = decode_logs(json.dumps(document).encode())

    assert (len(decoded.logs), [one.spans for one in decoded.rejected]) == (1, [1])
    assert "timeUnixNano must be an integer" in decoded.rejected[0].reason
    assert holds_logs(decoded.rejected[0].raw)


@pytest.mark.parametrize("trace_id", [b"", bytes(16), b"short"])
def test_without_a_trace_id_it_is_counted_and_not_kept(trace_id):
    decoded = decode_logs(export_logs(log(trace_id=trace_id), log()))

    assert (len(decoded.logs), decoded.untraced, decoded.rejected) == (1, 1, [])


def test_spans_sent_as_logs_are_rejected_with_the_remedy():
    decoded = decode_logs(export(span(), span()))

    [one] = decoded.rejected
    assert (decoded.logs, one.spans) == ([], 2)
    assert "send spans to /v1/traces" in one.reason


@pytest.mark.parametrize(
    "data",
    [b"no protobuf", export_logs(log())[:-2], b"\x0a\xff\xff", b'{"resourceLogs": 1}', b"[1]",
     b'{"resourceSpans": []}', b"[" * 100_000],
    ids=lambda data: str(data[:20]),
)  # fmt: skip
def test_what_is_no_logs_export_is_undecodable(data):
    with pytest.raises(Undecodable):
        decode_logs(data)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"resourceLogs":[]}'])
def test_an_empty_request_is_no_error(data):
    assert decode_logs(data).logs == []


@given(st.binary(max_size=300), st.integers(0, 200), st.binary(max_size=8))
def test_no_bytes_raise_anything_but_undecodable(noise, at, patch):
    good = export_logs(RICH)
    for data in (noise, good[:at] + patch + good[at:], good[:at] + patch + good[at + len(patch) :]):
        try:
            decoded = decode_logs(data)
        except Undecodable:
            continue
        for one in decoded.logs:
            json.dumps(explain_log(one))
        assert log_blocks.unpack(log_blocks.pack(decoded.logs)) is not None


def test_a_body_of_10_mb_is_kept_in_part_and_says_so():
    stored = one_of(export_logs(log("x" * 10_000_000, {"order": "T-1", "big": "y" * 5_000_000})))
    said = explain_log(stored)

    assert len(stored.raw) < 17_000
    assert said["body"] == "x" * 8_192
    assert said["attributes"]["order"] == "T-1"
    assert said["cut"]
    assert "15,000," in said["attributes"]["slatrack.cut"]


def test_a_large_body_that_is_no_text_is_left_out_and_says_how_large():
    said = explain_log(one_of(export_logs(log({"rows": ["x" * 1_000] * 100}))))

    assert said["body"].startswith("(left out: 10")
    assert said["cut"]


def test_a_block_gives_back_the_bytes_of_the_traces_asked_for():
    other = bytes(range(16))
    logs = decode_logs(export_logs(log("b"), log("a", trace_id=other), log("c"))).logs
    packed = log_blocks.pack(logs)

    assert log_blocks.unpack(packed, {TRACE}) == [logs[0], logs[2]]
    assert len(log_blocks.unpack(packed)) == 3
    with pytest.raises(log_blocks.BlockDamagedError):
        log_blocks.unpack(packed[:-20])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (export_logs(log()), True),
        (export_logs(log(time_unix_nano=0, observed_time_unix_nano=5)), True),
        (export(span()), False),
        (as_json(export_logs(RICH)), True),
        (b'{"resourceSpans": []}', False),
        (b"noise", False),
    ],
)
def test_bytes_tell_whether_they_hold_logs(data, expected):
    assert holds_logs(data) is expected


@pytest.mark.parametrize(
    ("number", "text", "expected"),
    [(1, "", "trace"), (12, "", "info"), (13, "x", "warn"), (24, "", "fatal"),
     (0, "Warning", "warn"),
     (0, "INFO2", "info"), (0, "", ""), (99, "?", ""), (-1, "error", "error")],
)  # fmt: skip
def test_severity(number, text, expected):
    assert word(number, text) == expected
    assert at_least("warn") == {"warn", "error", "fatal"}
    assert "" in at_least("")
