"""kill -9 of the consumer, again and again, on real servers: nothing is lost, nothing doubled."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from datetime import UTC, datetime

import psycopg
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from slatrack.bench.load import DOCUMENTS, Load

pytestmark = pytest.mark.servers

SPANS = int(os.environ.get("SLATRACK_TEST_KILL_SPANS", "200000"))
KILLS = int(os.environ.get("SLATRACK_TEST_KILLS", "20"))
PARTITIONS = 3
LIMIT = 600  # seconds


@pytest.fixture
def place(kafka_brokers, postgres_url, redis_url, tmp_path):
    """The environment of slatrack's processes, on a topic and a database of their own."""
    name = f"killed_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres_url, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}")
    admin = AdminClient({"bootstrap.servers": kafka_brokers})
    for made in admin.create_topics([NewTopic(name, PARTITIONS, 1)]).values():
        made.result(30)
    base, _, query = postgres_url.partition("?")
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith("SLATRACK_")},
        "DJANGO_SETTINGS_MODULE": "slatrack.settings",
        "SLATRACK_DATA_DIR": str(tmp_path),
        "SLATRACK_DATABASE_URL": f"{base.rpartition('/')[0]}/{name}"
        + (f"?{query}" if query else ""),
        "SLATRACK_SECRET_KEY": uuid.uuid4().hex * 2,
        "SLATRACK_KAFKA_BROKERS": kafka_brokers,
        "SLATRACK_KAFKA_TOPICS": f"{name}:otlp_proto",
        "SLATRACK_KAFKA_GROUP": name,
        "SLATRACK_REDIS_URL": redis_url,
        "PYTHONUNBUFFERED": "1",
    }


def manage(place, *arguments):
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, env=place, check=True, capture_output=True, text=True)


def produce(place, load, topic):
    producer = Producer({"bootstrap.servers": place["SLATRACK_KAFKA_BROKERS"], "linger.ms": 50})
    for number, record in enumerate(load.records()):
        producer.produce(topic, record, partition=number % PARTITIONS)
        producer.poll(0)
    assert producer.flush(60) == 0


def progress(place):
    with psycopg.connect(place["SLATRACK_DATABASE_URL"]) as db:
        row = db.execute("SELECT sum(next_offset) FROM tracking_source WHERE partition >= 0")
        return int(row.fetchone()[0] or 0)


def consumer(place):
    return subprocess.Popen([sys.executable, "manage.py", "consume_spans"], env=place)


def wait_for(condition, seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        threading.Event().wait(0.1)
    return False


def run_with_kills(place, records, rng):
    """Consume all records, killing the consumer each time after a random part of them."""
    points = sorted(rng.sample(range(1, records), KILLS))
    for point in points:
        process = consumer(place)
        assert wait_for(lambda at=point: progress(place) >= at, LIMIT), "no progress"
        process.send_signal(signal.SIGKILL)
        process.wait()
    process = consumer(place)
    try:
        assert wait_for(lambda: progress(place) >= records, LIMIT), "not all was read"
    finally:
        process.terminate()
        process.wait(timeout=60)


def test_a_consumer_killed_at_random_moments_loses_nothing_and_tells_everything_once(place):
    load = Load(SPANS, seed=11, unreported=25)
    topic = place["SLATRACK_KAFKA_TOPICS"].partition(":")[0]
    manage(place, "migrate", "--verbosity", "0")
    document = f"{place['SLATRACK_DATA_DIR']}/flows.yaml"
    with open(document, "w") as file:
        file.write(DOCUMENTS)
    manage(place, "load_flow", document)
    records = sum(1 for _ in load.records())
    producing = threading.Thread(target=produce, args=(place, load, topic))
    producing.start()

    run_with_kills(place, records, random.Random(5))
    producing.join()
    manage(place, "watch_deadlines", "--once")
    manage(place, "shell", "-c", ROUTE)

    stuck = {load.keys[n] for n in range(len(load.keys)) if load.stuck(n)}
    with psycopg.connect(place["SLATRACK_DATABASE_URL"]) as db:
        assert db.execute("SELECT sum(spans) FROM tracking_trace").fetchone()[0] == load.total
        assert journeys(db) == expected(load, stuck)
        flips = db.execute(
            "SELECT f.name, j.key, t.after, count(*) FROM tracking_flip t "
            "JOIN tracking_journey j ON j.id = t.journey_id "
            "JOIN tracking_flow f ON f.id = j.flow_id WHERE about = 'verdict' "
            "GROUP BY 1, 2, 3"
        ).fetchall()
        told = {(flow, key): (after, count) for flow, key, after, count in flips}
        assert len(flips) == len(told) == len(load.keys)
        assert {event for event, (after, _) in told.items() if after == "missed"} == stuck
        assert {count for _, count in told.values()} == {1}
        alerts = db.execute(
            "SELECT count(*), count(DISTINCT journey_id) FROM alerting_alert WHERE rung = 'missed'"
        )
        assert alerts.fetchone() == (len(stuck), len(stuck))


ROUTE = """
from django.utils import timezone
from slatrack.alerting import routing
while routing.take_up(None, now=timezone.now()):
    pass
"""


def journeys(db):
    """Every journey as stored: status, start, end and number of spans."""
    rows = db.execute(
        "SELECT f.name, j.key, j.status, j.started_at, j.ended_at, j.spans "
        "FROM tracking_journey j JOIN tracking_flow f ON f.id = j.flow_id"
    )
    return {(flow, key): rest for flow, key, *rest in rows}


def expected(load, stuck):
    """The same, worked out from how the load is made, not from its spans."""
    found = {}
    for number, event in enumerate(load.keys):
        begin = load.start + number * 2_000_000
        is_stuck = event in stuck
        # The watcher has called an event lost that was last heard of more than a day ago.
        found[event] = [
            "lost" if is_stuck else "done",
            at(begin),
            None if is_stuck else at(begin + 958_000_000),
            6 if is_stuck else 8,
        ]
    return found


def at(nanoseconds):
    whole, rest = divmod(nanoseconds // 1000, 1_000_000)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=rest)
