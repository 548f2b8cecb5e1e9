"""Databases that are locked, full or gone: nothing half-written, and the same call works again."""

import sqlite3
from datetime import timedelta

import psycopg
import pytest
from django.db import DatabaseError, OperationalError, connection

from slatrack.tracking import flows, recorder, watcher
from slatrack.tracking.models import (
    Deadline,
    Flip,
    Journey,
    Source,
    SpanBlock,
    Trace,
    UnroutedFlip,
)
from slatrack.tracking.recorder import record
from slatrack.tracking.sources import Advance
from tests.only_on import only_on
from tests.spans import NOON
from tests.trades import DOCUMENT, reported, trade

pytestmark = pytest.mark.django_db(transaction=True)

NOW = NOON + timedelta(seconds=30)
ADVANCE = Advance("spans:0", 1, next_offset=7)


@pytest.fixture(autouse=True)
def trade_reporting():
    flows.save(DOCUMENT, now=NOON - timedelta(days=1))
    Source.objects.create(name="spans:0", epoch=1, alive_at=NOON)


def assert_nothing_was_written():
    for model in (Trace, Journey, Deadline, Flip, UnroutedFlip, SpanBlock):
        assert not model.objects.exists(), model
    assert Source.objects.get().next_offset is None


def assert_it_works_again(spans):
    done = record(spans, now=NOW, offsets=[ADVANCE])
    assert done.new == len(spans)
    assert Journey.objects.filter(status="done").count() == len(spans) / 4
    assert Source.objects.get().next_offset == 7


@only_on("sqlite")
def test_a_database_that_somebody_else_writes_to_for_long_changes_nothing():
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        for write in (
            lambda: record(trade(), now=NOW, offsets=[ADVANCE]),
            lambda: watcher.settle_due(now=NOW),
        ):
            with pytest.raises(OperationalError, match="locked"):
                write()
        other.execute("ROLLBACK")
        assert_nothing_was_written()
        assert_it_works_again(trade())
    finally:
        other.close()
        connection.close()


@only_on("sqlite")
def test_a_full_disk_changes_nothing_and_is_got_over():
    spans = [span for n in range(200) for span in trade(f"T{n}")]
    with connection.cursor() as cursor:
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        free = cursor.execute("PRAGMA freelist_count").fetchone()[0]
        cursor.execute("VACUUM" if free else "SELECT 1")
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages + 3}")
    try:
        with pytest.raises(OperationalError, match="full"):
            record(spans, now=NOW, offsets=[ADVANCE])
        assert_nothing_was_written()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    assert_it_works_again(spans)


@only_on("postgresql")
def test_a_backend_that_is_terminated_in_the_midst_changes_nothing(monkeypatch):
    def killed(*args, **options):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [pid] = cursor.fetchone()
        settings = connection.get_connection_params()
        own = {k: settings[k] for k in ("dbname", "user", "host", "port") if k in settings}
        with psycopg.connect(**own, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", [pid])
        return keep(*args, **options)

    keep = recorder.update_journeys
    monkeypatch.setattr(recorder, "update_journeys", killed)
    with pytest.raises(DatabaseError):
        record(trade(), now=NOW, offsets=[ADVANCE])
    monkeypatch.setattr(recorder, "update_journeys", keep)
    connection.close()
    assert_nothing_was_written()
    assert_it_works_again(trade())


def test_what_the_database_takes_is_bounded_where_statements_are(monkeypatch):
    monkeypatch.setattr("slatrack.tracking.store.MOST_VALUES", 7)
    spans = [span for n in range(30) for span in trade(f"T{n}")]
    record(spans[:60], now=NOW)
    assert_it_works_again_with_the_rest(spans)


def assert_it_works_again_with_the_rest(spans):
    assert record(spans, now=NOW).new == len(spans) - 60
    assert Journey.objects.filter(status="done", verdict="met").count() == 30


def test_a_race_that_is_lost_for_ever_ends(monkeypatch):
    def lost(*args, **options):
        raise recorder.store.Raced

    monkeypatch.setattr(recorder, "save_traces", lost)
    with pytest.raises(OperationalError, match="record it again"):
        record(trade(), now=NOW, offsets=[ADVANCE])
    assert_nothing_was_written()


def test_what_fails_at_the_very_end_leaves_nothing_half_done(monkeypatch):
    def broken(*args, **options):
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr("slatrack.tracking.flip_rows.wake.route_flips", broken)
        late = [*trade()[:3], reported("T1", trace="T1", at=960)]
        with pytest.raises(ZeroDivisionError):
            record(late, now=NOW, offsets=[ADVANCE])
    assert_nothing_was_written()
    assert_it_works_again(trade())
