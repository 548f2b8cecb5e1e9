"""kill -9 of the consumer, again and again, on real servers: nothing is lost, nothing doubled."""

import os
import random
import signal
import threading

import pytest
from confluent_kafka import Producer

from slatrack.bench.load import Load
from tests.servers.installed import PARTITIONS, ROUTE, Place, wait_for
from tests.servers.truth import expected, journeys, missed_once

pytestmark = pytest.mark.servers

SPANS = int(os.environ.get("SLATRACK_TEST_KILL_SPANS", "200000"))
KILLS = int(os.environ.get("SLATRACK_TEST_KILLS", "20"))
LIMIT = 600  # seconds


@pytest.fixture
def place(kafka_brokers, postgres_url, redis_url, tmp_path):
    made = Place(kafka_brokers, postgres_url, redis_url, tmp_path)
    made.prepare()
    return made


def produce(place, load):
    producer = Producer({"bootstrap.servers": place.brokers, "linger.ms": 50})
    for number, record in enumerate(load.records()):
        producer.produce(place.topic, record, partition=number % PARTITIONS)
        producer.poll(0)
    assert producer.flush(60) == 0


def run_with_kills(place, records, rng):
    """Consume all records, killing the consumer each time after a random part of them."""

    def read(number):
        return lambda: place.records_read() >= number

    for point in sorted(rng.sample(range(1, records), KILLS)):
        process = place.start("consume_spans")
        wait_for(read(point), seconds=LIMIT, why="no progress")
        process.send_signal(signal.SIGKILL)
        process.wait()
    process = place.start("consume_spans")
    try:
        wait_for(read(records), seconds=LIMIT, why="not all was read")
    finally:
        process.terminate()
        process.wait(timeout=60)


def test_a_consumer_killed_at_random_moments_loses_nothing_and_tells_everything_once(place):
    load = Load(SPANS, seed=11, unreported=25)
    records = sum(1 for _ in load.records())
    producing = threading.Thread(target=produce, args=(place, load))
    producing.start()

    run_with_kills(place, records, random.Random(5))
    producing.join()
    place.manage("watch_deadlines", "--once")
    place.manage("shell", "-c", ROUTE)

    stuck = {load.keys[n] for n in range(len(load.keys)) if load.stuck(n)}
    assert place.rows("SELECT sum(spans) FROM tracking_trace") == [(load.total,)]
    assert journeys(place) == expected(load)
    assert missed_once(place) == stuck
