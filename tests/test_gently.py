"""Walks that rest in their midst."""

import time

import pytest
from django.db import connection

from slatrack.gently import PAUSE, ROWS, _Rests, gently, resting, rests
from slatrack.tracking.models import Journey
from tests import factories as make

pytestmark = pytest.mark.django_db


def only_on_postgresql(test):
    """SQLite's queries do not rest."""
    return test if connection.vendor == "postgresql" else None


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


@only_on_postgresql
def test_each_so_many_rows_there_is_a_rest():
    assert str(ROWS) in _Rests.template
    each = _Rests.template.replace(str(ROWS), "1")
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM generate_series(1, 4) WHERE {each}")  # noqa: S608
        assert cursor.fetchone() == (4,)
    assert time.monotonic() - began >= 4 * PAUSE


@only_on_postgresql
def test_a_query_that_rests_asks_for_that_last_and_keeps_to_one_process():
    with gently(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL parallel_setup_cost = 0")
        cursor.execute("SET LOCAL parallel_tuple_cost = 0")
        cursor.execute("SET LOCAL min_parallel_table_scan_size = 0")
        planned = Journey.objects.filter(rests(), ended_at=None, step="sent").explain()
    assert "Parallel" not in planned
    assert planned.index("'sent'") < planned.index("pg_sleep")
