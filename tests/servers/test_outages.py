"""Servers that go away in the middle: nothing is lost, nothing doubled, and it is said.

SLATRACK_TEST_OUTAGE_SECONDS makes the outages longer than a run of CI would want.
"""

import os
import signal
import threading
import time
from contextlib import contextmanager

import psycopg
import pytest
import redis
from confluent_kafka import Producer

from slatrack.bench.load import Load
from tests.alerting import receivers
from tests.servers import kafka, postgres
from tests.servers import redis as stores
from tests.servers.installed import PARTITIONS, ROUTE, Place, wait_for
from tests.servers.truth import expected, journeys, missed_once
from tests.servers.web import web

pytestmark = pytest.mark.servers

OUTAGE = float(os.environ.get("SLATRACK_TEST_OUTAGE_SECONDS", "8"))
LIMIT = 120 + 2 * OUTAGE
SPANS = 24_000
CHANNELS = 8
CONNECT = """
from django.utils import timezone
from slatrack.alerting.models import Channel
from slatrack.alerting.sending.webhook import new_secret
for number in range({number}):
    Channel.objects.create(name=f"c{{number}}", kind="webhook", config={{"url": "{url}"}},
                           secret=new_secret(), created_at=timezone.now())
"""
LEFT = """
SELECT (SELECT count(*) FROM tracking_unroutedflip)
     + (SELECT count(*) FROM alerting_delivery WHERE state = 'pending'),
       (SELECT count(DISTINCT journey_id) FROM alerting_alert WHERE rung = 'missed')
"""


@pytest.fixture
def broker(kafka_brokers, tmp_path):
    """A Kafka of its own, to be stopped; `kafka_brokers` says where there is none."""
    folder = tmp_path / "kafka"
    folder.mkdir()
    made = kafka.Broker(folder)
    made.start()
    yield made
    made.signal(signal.SIGCONT)
    made.stop()


@pytest.fixture
def database(tmp_path):
    folder = tmp_path / "postgres"
    folder.mkdir()
    made = postgres.Database(folder)
    made.start()
    made.create()
    yield made
    made.stop()


@pytest.fixture
def place(broker, postgres_url, redis_url, tmp_path):
    made = Place(broker.address, postgres_url, redis_url, tmp_path)
    made.environment["SLATRACK_TROUBLE_SECONDS"] = "5"
    made.prepare()
    return made


def lately():
    """Begin of a load whose deadlines pass after the test.

    Of those of long ago the watcher says missed while the rest of an event is still on its way.
    """
    return time.time_ns() - 60 * 10**9


@contextmanager
def running(place, name):
    process = place.start(name)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


class Sender:
    """A producer that goes on through an outage and keeps what it cannot send yet."""

    def __init__(self, place, load):
        self.place, self.records, self.sent = place, list(load.records()), 0
        self.producer = Producer(
            {
                "bootstrap.servers": place.brokers,
                "enable.idempotence": True,
                "linger.ms": 5,
                "log_level": 0,
                "reconnect.backoff.max.ms": 500,
            }
        )

    def send(self, share):
        """Produce up to that share of all records."""
        end = round(share * len(self.records))
        for number in range(self.sent, end):
            self.producer.produce(
                self.place.topic, self.records[number], partition=number % PARTITIONS
            )
            self.producer.poll(0.002)
        self.sent = end


@contextmanager
def stopped(broker):
    broker.stop()
    yield
    broker.start()


@contextmanager
def frozen(broker):
    broker.signal(signal.SIGSTOP)
    yield
    broker.signal(signal.SIGCONT)


@pytest.mark.parametrize("gone", [stopped, frozen])
def test_kafka_that_is_gone_in_the_middle_costs_nothing_and_is_told(broker, place, gone):
    load = Load(SPANS, seed=7)
    sender = Sender(place, load)
    with running(place, "consume_spans"), running(place, "worker"):
        sender.send(1 / 3)
        wait_for(lambda: place.records_read() > 0, seconds=LIMIT, why="it never began")
        with gone(broker):
            sender.send(2 / 3)
            assert sender.producer.flush(1) > 0, "it was not away"
            wait_for(
                lambda: "Kafka cannot be reached" in place.said("consume_spans"),
                seconds=LIMIT,
                why="nobody said that Kafka is away",
            )
            threading.Event().wait(OUTAGE)
            wait_for(lambda: told_troubles(place) == ["telemetry"], seconds=LIMIT, why="no alarm")
        sender.send(1)
        everything = len(sender.records)
        wait_for(lambda: place.records_read() == everything, seconds=LIMIT, why="it stopped")
        wait_for(lambda: not told_troubles(place), seconds=LIMIT, why="the alarm never ended")
        # Another client asks where logs end: it may be back later than the one that reads.
        wait_for(
            lambda: "Kafka can be reached again" in place.said("consume_spans"),
            seconds=LIMIT,
            why="nobody said that Kafka is back",
        )
    assert sender.producer.flush(10) == 0
    assert_all_is_there(place, load)


def test_a_database_that_is_restarted_under_a_consumer_costs_nothing(
    kafka_brokers, database, redis_url, tmp_path
):
    place = Place(kafka_brokers, database.url, redis_url, tmp_path)
    place.prepare()
    load = Load(SPANS, seed=9, start=lately())
    sender = Sender(place, load)
    with running(place, "consume_spans"), running(place, "watch_deadlines"):
        for share in (1 / 4, 1 / 2, 3 / 4):
            sender.send(share)
            before = place.records_read()
            wait_for(lambda n=before: place.records_read() > n, seconds=LIMIT, why="it stopped")
            database.stop()
            threading.Event().wait(2)
            database.start()
        sender.send(1)
        everything = len(sender.records)
        wait_for(lambda: place.records_read() == everything, seconds=LIMIT, why="it stopped")
    assert sender.producer.flush(10) == 0
    assert_all_is_there(place, load)


def test_pages_answer_at_once_when_the_database_is_back(
    kafka_brokers, database, redis_url, tmp_path
):
    place = Place(kafka_brokers, database.url, redis_url, tmp_path)
    place.prepare()

    def ready(web):
        return web.get("/readyz?of=pages").status

    with web(place) as it:
        assert ready(it) == 200
        database.stop()
        assert ready(it) == 503
        database.start()
        wait_for(lambda: ready(it) == 200, seconds=LIMIT, why="it never came back")
        database.stop()  # nobody asks meanwhile, so nobody has learnt that connections are dead
        database.start()
        assert ready(it) == 200


def test_a_redis_that_forgets_everything_delays_deliveries_and_loses_none(
    kafka_brokers, postgres_url, redis_url, tmp_path
):
    place = Place(kafka_brokers, postgres_url, redis_url, tmp_path)
    place.environment["SLATRACK_ALERT_ALLOWED_NETWORKS"] = "127.0.0.0/8"
    place.prepare()
    forgetful = redis.Redis.from_url(place.environment["SLATRACK_REDIS_URL"])
    sender = Sender(place, Load(1_600, seed=5, unreported=10))

    def all_is_told():
        forgetful.flushall()
        return place.rows(LEFT) == [(0, 10)]

    with receivers.web() as receiver, running(place, "worker"):
        place.manage("shell", "-c", CONNECT.format(number=CHANNELS, url=receiver.url))
        with running(place, "consume_spans"), running(place, "watch_deadlines"):
            sender.send(1)
            wait_for(all_is_told, seconds=LIMIT, why="not all was delivered")
    sent = place.rows("SELECT key FROM alerting_delivery WHERE state = 'sent'")
    assert {key for (key,) in sent} == {headers["webhook-id"] for headers, _ in receiver.got}
    assert len(sent) >= 3 * CHANNELS
    assert place.rows("SELECT count(*) FROM alerting_delivery WHERE state = 'failed'") == [(0,)]


WORKER = "worker --pool prefork --concurrency 2"
WAITING = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


def test_a_worker_with_a_task_in_hand_outlives_a_redis_that_goes_away(
    kafka_brokers, postgres_url, tmp_path
):
    store = stores.Store(tmp_path)
    store.start()
    place = Place(kafka_brokers, postgres_url, store.url, tmp_path)
    place.prepare()
    sender = Sender(place, Load(1_600, seed=5, unreported=10))
    with running(place, WORKER) as worker, psycopg.connect(place.url) as holding:
        holding.execute("LOCK TABLE tracking_unroutedflip")
        wait_for(lambda: place.rows(WAITING) == [(True,)], seconds=LIMIT, why="nothing is swept")
        store.stop()
        wait_for(lambda: "Cannot connect" in place.said(WORKER), seconds=LIMIT, why="not noticed")
        store.start()
        holding.rollback()
        with running(place, "consume_spans"), running(place, "watch_deadlines"):
            sender.send(1)
            wait_for(lambda: place.rows(LEFT) == [(0, 10)], seconds=LIMIT, why="not all was told")
        assert worker.poll() is None
    store.stop()
    assert "Unrecoverable" not in place.said(WORKER)


def told_troubles(place):
    """Return the kinds of trouble that people were told of and that go on."""
    found = place.rows(
        "SELECT kind FROM alerting_trouble WHERE ended_at IS NULL AND told_at IS NOT NULL"
    )
    return [kind for (kind,) in found]


def assert_all_is_there(place, load):
    place.manage("watch_deadlines", "--once")
    place.manage("shell", "-c", ROUTE)
    assert place.rows("SELECT sum(spans) FROM tracking_trace") == [(load.total,)]
    assert journeys(place) == expected(load)
    assert missed_once(place) == set()
    assert place.rows("SELECT count(*) FROM tracking_setaside") == [(0,)]
