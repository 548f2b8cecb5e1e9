"""SQLite's one writer: threads have their turns in the order in which they came."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from django.db import OperationalError, connection, connections, transaction

from slatrack.fair_sqlite import base
from slatrack.fair_sqlite.turns import Turns
from slatrack.tracking.models import Source
from tests.spans import NOON


def only_on_sqlite(test):
    """Keep a test to SQLite: what another database has no word for is not collected."""
    return test if connection.vendor == "sqlite" else None


def wait_for(turns, many):
    for _ in range(500):
        if len(turns._waiting) == many:
            return
        time.sleep(0.01)
    raise AssertionError(f"{len(turns._waiting)} wait, not {many}")


def test_whoever_has_waited_longest_is_next():
    turns, order = Turns(), []

    def one(name):
        assert turns.take(within=30)
        order.append(name)
        turns.give()

    assert turns.take(within=0)
    with ThreadPoolExecutor() as pool:
        for number, name in enumerate("abc", 1):
            pool.submit(one, name)
            wait_for(turns, number)
        turns.give()
    assert order == list("abc")


def test_who_gives_up_is_passed_over():
    turns = Turns()
    assert turns.take(within=0)
    assert not turns.take(within=0.001)
    turns.give()
    assert turns.take(within=0)


@only_on_sqlite
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("explicit", [True, False], ids=["a transaction", "a statement"])
def test_a_thread_that_writes_batch_after_batch_lets_another_in_between(explicit):
    def other():
        if not explicit:
            Source.objects.create(name="other", alive_at=NOON)
            return time.monotonic()
        with transaction.atomic():
            Source.objects.create(name="other", alive_at=NOON)
            return time.monotonic()

    with ThreadPoolExecutor(1) as pool:
        began = []
        for number in range(3):
            with transaction.atomic():
                began.append(time.monotonic())
                Source.objects.create(name=f"batch {number}", alive_at=NOON)
                if number == 0:
                    waiting = pool.submit(other)
                    wait_for(turns_of(connection), 1)
        written = waiting.result()
        pool.submit(connections.close_all).result()
    assert began[0] < written < began[1]


@only_on_sqlite
@pytest.mark.django_db(transaction=True)
def test_a_turn_ends_with_its_transaction_however_that_ends():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        _ = 1 / 0
    with transaction.atomic():
        connection.close()
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    with closing(other):
        other.execute("BEGIN IMMEDIATE")
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 1")
        with pytest.raises(OperationalError, match="locked"), transaction.atomic():
            pass
        with pytest.raises(OperationalError, match="locked"):
            Source.objects.create(name="a", alive_at=NOON)
        other.execute("ROLLBACK")
    connection.close()
    assert turns_of(connection).take(within=0)
    turns_of(connection).give()


def turns_of(wrapper):
    return base._turns[wrapper._file()]
