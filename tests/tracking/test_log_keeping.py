"""Log records go when their time has come, and those of no event sooner."""

from datetime import timedelta

import pytest
from django.conf import settings

from slatrack.otlp import log_blocks
from slatrack.otlp.log_decoding import decode_logs
from slatrack.tracking import flows, log_keeping, tasks
from slatrack.tracking.log_models import LogBlock, LogPlace
from slatrack.tracking.log_store import Arrived
from slatrack.tracking.recorder import record
from tests.otlp.build_logs import export_logs, log
from tests.spans import NOON, trace_id
from tests.trades import DOCUMENT, trade

EVENT, STRANGER = trace_id("T1"), trace_id("stranger")
SOON, LATE = NOON + timedelta(hours=2), NOON + timedelta(days=8)


@pytest.fixture(autouse=True)
def stored(db):
    flows.save(DOCUMENT, now=NOON)
    mixed = [log(f"{n}", trace_id=one) for n in range(3) for one in (EVENT, STRANGER)]
    alone = [log("alone", trace_id=STRANGER)]
    record(trade("T1"), now=NOON)
    for logs in (mixed, alone):
        record([], now=NOON, logs=Arrived(decode_logs(export_logs(*logs)).logs))


def kept() -> list[bytes]:
    return [
        one.trace_id for block in LogBlock.objects.all() for one in log_blocks.unpack(block.data)
    ]


def test_what_is_no_events_goes_after_the_time_that_spans_are_parked():
    assert log_keeping.expire_logs(now=NOON + timedelta(minutes=1)) == 0
    assert log_keeping.expire_logs(now=SOON) == 4
    assert log_keeping.expire_logs(now=SOON) == 0

    assert kept() == [EVENT] * 3
    assert [one.trace.bytes for one in LogPlace.objects.all()] == [EVENT]


def test_all_traces_can_be_kept(monkeypatch):
    monkeypatch.setattr(settings.SLATRACK, "logs_keep", "traces")

    assert log_keeping.expire_logs(now=SOON) == 0
    assert len(kept()) == 7


def test_everything_goes_in_the_end():
    log_keeping.expire_logs(now=SOON)

    assert log_keeping.expire_logs(now=LATE) == 3
    assert (LogBlock.objects.count(), LogPlace.objects.count()) == (0, 0)


def test_a_damaged_block_stops_nothing():
    LogBlock.objects.filter(logs=6).update(data=b"damage")

    assert log_keeping.expire_logs(now=SOON) == 7
    assert kept() == []


def test_beat_has_it_done():
    tasks.keep_house()

    assert settings.CELERY_BEAT_SCHEDULE["tracking-keep-house"]["task"] == tasks.keep_house.name
    assert kept() in ([], [EVENT] * 3)
