"""SQLite's one writer: threads have their turns in the order in which they came."""

import sqlite3
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from threading import Condition

import pytest
from django.db import OperationalError, connection, connections, transaction

from slatrack.fair_sqlite import base
from slatrack.fair_sqlite.turns import Turns
from slatrack.tracking.models import Source
from tests.only_on import only_on
from tests.spans import NOON


class Queue(deque):
    """Who waits for a turn, which tells as they come."""

    def __init__(self):
        super().__init__()
        self.came = Condition()

    def append(self, one):
        with self.came:
            super().append(one)
            self.came.notify_all()

    def holds(self, many):
        """Wait until so many are in it, or for far too long; whether they are."""
        with self.came:
            return self.came.wait_for(lambda: len(self) == many, 30)


def queue_of(turns):
    """Return the queue for some turns, for which nobody waits yet."""
    assert not turns._waiting
    turns._waiting = Queue()
    return turns._waiting


def test_whoever_has_waited_longest_is_next():
    turns, order = Turns(), []
    queue = queue_of(turns)

    def one(name):
        assert turns.take(within=30)
        order.append(name)
        turns.give()

    assert turns.take(within=0)
    with ThreadPoolExecutor() as pool:
        for number, name in enumerate("abc", 1):
            pool.submit(one, name)
            assert queue.holds(number)
        turns.give()
    assert order == list("abc")


def test_who_gives_up_is_passed_over():
    turns = Turns()
    assert turns.take(within=0)
    assert not turns.take(within=0.001)
    turns.give()
    assert turns.take(within=0)


@only_on("sqlite")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("explicit", [True, False], ids=["a transaction", "a statement"])
def test_a_thread_that_writes_batch_after_batch_lets_another_in_between(explicit):
    def other():
        with transaction.atomic() if explicit else nullcontext():
            Source.objects.create(name="other", alive_at=NOON)

    with ThreadPoolExecutor(1) as pool:
        for number in range(3):
            with transaction.atomic():
                Source.objects.create(name=f"batch {number}", alive_at=NOON)
                if number == 0:
                    queue = queue_of(turns_of(connection))
                    waiting = pool.submit(other)
                    assert queue.holds(1)
        waiting.result()
        pool.submit(connections.close_all).result()
    in_turn = Source.objects.order_by("pk").values_list("name", flat=True)
    assert list(in_turn) == ["batch 0", "other", "batch 1", "batch 2"]


@only_on("sqlite")
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
