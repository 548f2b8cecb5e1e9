"""Gathering: bounded in bytes, whatever the size of records, with a twin of librdkafka's queue."""

import pytest

from consumers.gathering import FULL, Gathering


class Record:
    def __init__(self, size: int, partition: int = 0) -> None:
        self.size, self.place = size, ("spans", partition)

    def __len__(self) -> int:
        return self.size

    def topic(self):
        return self.place[0]

    def partition(self):
        return self.place[1]


class Queue:
    """As much as anybody asks for, all of one size."""

    def __init__(self, size: int, left: int = 1_000_000) -> None:
        self.size, self.left, self.waits = size, left, []

    def consume(self, number, timeout):
        self.waits.append(timeout)
        taken = min(number, self.left)
        self.left -= taken
        return [Record(self.size, partition=n % 2) for n in range(taken)]


@pytest.mark.parametrize("size", [100, 50_000, 1_000_000, 30_000_000])
def test_no_batch_is_larger_than_its_bound_by_more_than_one_record(size):
    gathering = Gathering(Queue(size), records=600, seconds=0.25)
    gathering.consume(1, 0.0)  # what size they have is known once one has come
    gathering.take()

    for _ in range(5):
        gathering.fill(wait=True)
        held = sum(map(len, gathering.take()))
        assert held <= FULL + size

    assert gathering.behind


def test_records_that_grow_suddenly_cost_one_large_batch_at_most():
    queue = Queue(1_000)
    gathering = Gathering(queue, records=600, seconds=0.25)
    gathering.fill(wait=True)
    gathering.take()

    queue.size = 1_000_000
    gathering.fill(wait=True)
    assert len(gathering.take()) <= 600
    gathering.fill(wait=True)
    assert sum(map(len, gathering.take())) <= FULL + 1_000_000


def test_where_there_is_little_the_first_record_does_not_wait_for_a_batch():
    gathering = Gathering(Queue(500, left=3), records=600, seconds=0.25)
    gathering.fill(wait=True)

    assert len(gathering.take()) == 3
    assert not gathering.behind


@pytest.mark.parametrize(
    ("took", "gathers"),
    [(0.001, 0.01), (0.01, 0.04), (0.02, 0.08), (0.3, 0.1), (40.0, 0.1)],
)
def test_a_batch_is_gathered_for_longer_the_longer_the_last_one_took(took, gathers):
    now, queue = [100.0], Queue(500, left=10)
    gathering = Gathering(queue, records=600, seconds=0.25, clock=lambda: now[0])
    gathering.take()
    now[0] += took
    gathering.fill(wait=True)

    assert queue.waits == [0.1, pytest.approx(gathers)]  # for the first one, for its company


def test_nothing_is_gathered_for_longer_than_a_setting_says():
    queue = Queue(500, left=10)
    gathering = Gathering(queue, records=600, seconds=0.004)
    gathering.fill(wait=True)

    assert queue.waits == [0.004, 0.004]


def test_what_was_gathered_of_partitions_that_go_away_is_dropped():
    gathering = Gathering(Queue(500, left=10), records=600, seconds=0.25)
    gathering.fill(wait=True)
    gathering.drop([("spans", 0)])

    assert {one.partition() for one in gathering.take()} == {1}
