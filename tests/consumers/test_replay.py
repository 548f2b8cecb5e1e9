"""Replays: from files of every kind, and of records that were set aside."""

import gzip
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
import zstandard
from django.core.management import CommandError, call_command

from consumers.files import parts
from consumers.replay import Replay, replay_set_aside
from consumers.tasks import replay as replay_task
from slatrack.tracking import flows, sources
from slatrack.tracking.models import Journey, SetAside, Source, Trace
from slatrack.tracking.setting_aside import Aside, store
from tests.consumers.test_http import DOCUMENT
from tests.otlp.build import T0, TRACE, export, span

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes((number & 127 | 128,))
        number >>= 7
    return out + bytes((number,))


ONE = export(span())
TWO = export(span("other", {"note": "x" * 300}, trace_id=b"T" * 16))
DELIMITED = varint(len(ONE)) + ONE + varint(len(TWO)) + TWO
INDENTED = json.dumps(json.loads(DOCUMENT), indent=2).encode()

FILES = {
    "a line": (DOCUMENT, [DOCUMENT]),
    "lines": (DOCUMENT + b"\n\n" + DOCUMENT + b"\r\n", [DOCUMENT, DOCUMENT]),
    "after NUL bytes": (bytes(2_000_000) + DOCUMENT + b"\n", [DOCUMENT]),
    "gzip": (gzip.compress(DOCUMENT + b"\n"), [DOCUMENT]),
    "zstd": (zstandard.ZstdCompressor().compress(DOCUMENT), [DOCUMENT]),
    "indented": (INDENTED, [INDENTED]),
    "protobuf": (ONE, [ONE]),
    "protobuf, large": (TWO, [TWO]),
    "protobuf, many": (DELIMITED, [ONE, TWO]),
    "protobuf, gzip": (gzip.compress(DELIMITED), [ONE, TWO]),
    "empty": (b"", []),
    "only NUL": (bytes(10), []),
}


@pytest.mark.parametrize(("content", "expected"), FILES.values(), ids=FILES)
def test_files(content, expected, tmp_path):
    path = tmp_path / "spans"
    path.write_bytes(content)

    assert [part.data.strip() for part in parts(path)] == [one.strip() for one in expected]
    assert [part.data.strip() for part in parts(io.BytesIO(content))] == [
        one.strip() for one in expected
    ]


def test_a_file_that_is_cut_off_says_where():
    *good, last = parts(io.BytesIO(DELIMITED[:-5]))
    assert [part.data for part in good] == [ONE]
    assert "request 2" in last.problem

    [*_, last] = parts(io.BytesIO(gzip.compress(DOCUMENT * 50)[:-20]))
    assert "cut off" in last.problem


@pytest.mark.django_db
def test_the_command_counts_and_sets_aside_with_file_and_line(tmp_path, capsys):
    path = tmp_path / "spans.jsonl"
    path.write_bytes(DOCUMENT + b"\n{bad\n" + DOCUMENT + b"\n")
    other = tmp_path / "spans.pb"
    other.write_bytes(TWO)

    call_command("replay_spans", str(path), str(other), "--json")

    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "read": 4, "spans": 3, "log_records": 0, "new": 2, "duplicates": 1, "rejected": 0,
            "set_aside": 1,
    }  # fmt: skip
    assert f"{path}:2: not OTLP in JSON" in err
    assert Trace.objects.count() == 2
    assert SetAside.objects.get().offset == 2
    assert not Source.objects.exists()


@pytest.mark.django_db
def test_a_file_without_a_span_is_an_error(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"nothing of the kind")

    with pytest.raises(CommandError, match="no span and no log record could be read"):
        call_command("replay_spans", str(path))
    with pytest.raises(CommandError, match="no such file"):
        call_command("replay_spans", str(tmp_path / "y"))
    assert SetAside.objects.count() == 1


@pytest.mark.django_db
def test_a_replay_holds_the_watermark_at_its_oldest_span_while_it_lives():
    yesterday = export(span(start_time_unix_nano=T0 - 86_400 * 10**9))
    with Replay(clock=lambda: NOW) as replay:
        assert sources.watermark(NOW) == NOW
        replay.feed("f", parts(io.BytesIO(yesterday)))
        assert sources.watermark(NOW) == NOW - timedelta(days=1)
        assert sources.watermark(NOW + timedelta(seconds=61)) is None  # it died

    assert sources.watermark(NOW) is None


def aside(data: bytes) -> SetAside:
    store([Aside("kafka", "why", data, "t", 0, 1, "auto")], now=NOW)
    return SetAside.objects.get()


@pytest.mark.django_db
def test_a_record_set_aside_is_replayed_once_it_can_be_read():
    row = aside(ONE)

    assert replay_task(row.id) == "1 spans and 0 log records recorded"
    row.refresh_from_db()
    assert row.replayed_at is not None
    assert Trace.objects.get().id.bytes == TRACE


@pytest.mark.django_db
def test_a_record_that_still_cannot_be_read_stays():
    row = aside(b"still bad")

    assert "still unreadable" in replay_task(row.id)
    row.refresh_from_db()
    assert row.replayed_at is None
    assert SetAside.objects.count() == 1
    assert replay_task(row.id + 1) == "it is gone"


@pytest.mark.django_db
def test_spans_rejected_again_stay():
    row = aside(export(span(trace_id=bytes(16)), span()))

    accepted = replay_set_aside(row, now=NOW)

    assert (accepted.spans, accepted.rejected) == (1, 1)
    row.refresh_from_db()
    assert row.replayed_at is None
    assert SetAside.objects.count() == 1


FLOW = """\
flow: f
event_key: [id]
steps:
  - {step: came, role: ingress, match: {name: came}}
  - {step: went, role: sink, match: {name: went}, after: [came]}
deadlines:
  - deadline: within a minute
    rule: {kind: duration, from: ingress, amount: PT1M}
    until: went
"""


@pytest.mark.django_db
def test_when_the_files_are_read_what_they_were_silent_about_is_missed(tmp_path):
    flows.save(FLOW, now=NOW - timedelta(days=1))
    path = tmp_path / "spans.pb"
    path.write_bytes(export(span("came", {"id": "E1"})))

    call_command("replay_spans", str(path))

    assert Journey.objects.get(key="E1").verdict == "missed"
