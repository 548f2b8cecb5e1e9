"""Walks that rest in their midst."""

import time
from contextlib import nullcontext

import pytest
from django.db import connection

from slatrack.gently import PAUSE, ROWS, _Rests, gently, resting, rests
from slatrack.tracking.models import Journey
from tests import factories as make
from tests.only_on import only_on

pytestmark = pytest.mark.django_db


def test_what_is_found_gently_is_what_is_found_otherwise():
    for _ in range(3):
        make.journey()
    asked = Journey.objects.filter(rests(), ended_at=None)
    with gently():
        gentle = Journey.objects.filter(rests(), ended_at=None)
        assert (asked.count(), gentle.count()) == (3, 3)
    assert "pg_sleep" not in str(asked.query)


def test_only_the_block_is_gentle():
    with gently():
        pass
    assert not resting()


@only_on("postgresql")
def test_each_so_many_rows_there_is_a_rest():
    assert str(ROWS) in _Rests.template
    each = _Rests.template.replace(str(ROWS), "1")
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM generate_series(1, 4) WHERE {each}")  # noqa: S608
        assert cursor.fetchone() == (4,)
    assert time.monotonic() - began >= 4 * PAUSE


@only_on("postgresql")
@pytest.mark.parametrize("wanted", [gently, nullcontext])
def test_it_keeps_to_one_process(wanted):
    with connection.cursor() as cursor:
        # What other tests left of a table that is empty again is not worth a second process.
        cursor.execute("TRUNCATE tracking_journey CASCADE")
        for name in ("parallel_setup_cost", "parallel_tuple_cost", "min_parallel_table_scan_size"):
            cursor.execute(f"SET LOCAL {name} = 0")
        cursor.execute("SET LOCAL enable_indexscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    asked = Journey.objects.filter(ended_at=None, step="sent").order_by()
    assert "Parallel" in asked.explain()
    with wanted():
        assert "Parallel" not in asked.filter(rests()).explain()


@only_on("postgresql")
def test_a_rest_is_taken_after_all_else_was_asked():
    with gently():
        planned = Journey.objects.filter(rests(), ended_at=None, step="sent").explain()
    assert planned.index("'sent'") < planned.index("pg_sleep")
