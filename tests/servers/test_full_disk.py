"""A disk that is full: reading stops, says so, loses nothing, and goes on by itself.

Needs a file system that may be filled, so root, or sudo without a password (`small_disk`).
"""

import sqlite3

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient

from slatrack.bench.load import Load
from tests.servers.installed import PARTITIONS, Place, wait_for
from tests.servers.small_disk import filled, moved
from tests.servers.test_outages import Sender, assert_all_is_there, lately, running
from tests.servers.truth import expected, journeys
from tests.servers.web import web

pytestmark = pytest.mark.servers

SPANS = 16_000
LIMIT = 180  # seconds
FULL = "disk of the database is full"
SIGN_IN = """
from django.contrib.auth import get_user_model
from django.test import Client
browser = Client()
browser.force_login(get_user_model().objects.create_superuser("ops"))
print("sessionid=" + browser.cookies["sessionid"].value)
"""
TROUBLES = """
from datetime import timedelta
from django.utils import timezone
from slatrack.alerting.symptoms import symptoms
print([one.sentence for one in symptoms(now=timezone.now() + timedelta(minutes=2))])
"""


class Embedded(Place):
    """A place with SQLite on a small disk, and a real Kafka."""

    def __init__(self, brokers, postgres, redis, folder, disk):
        super().__init__(brokers, postgres, redis, folder)
        self.environment |= {"SLATRACK_DATA_DIR": str(disk), "SLATRACK_REDIS_URL": ""}
        del self.environment["SLATRACK_DATABASE_URL"]
        self.file = disk / "slatrack.sqlite3"

    def rows(self, query):
        with sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=20) as db:
            return db.execute(query).fetchall()


@pytest.fixture
def embedded(kafka_brokers, postgres_url, redis_url, tmp_path, disk):
    made = Embedded(kafka_brokers, postgres_url, redis_url, tmp_path, disk)
    made.prepare()
    return made


@pytest.fixture
def place(kafka_brokers, postgres_url, redis_url, tmp_path, disk):
    made = Place(kafka_brokers, postgres_url, redis_url, tmp_path)
    with moved(postgres_url, made.topic, disk):
        made.prepare()
        yield made


def test_a_full_disk_stops_reading_says_so_loses_nothing_and_is_got_over(embedded, disk):
    load = Load(SPANS, seed=13)
    sender = Sender(embedded, load)
    with running(embedded, "consume_spans"):
        begin(embedded, sender)
        with filled(disk):
            go_on(embedded, sender)
            assert embedded.records_read() < len(sender.records)
        all_is_read(embedded, sender)
    assert "the database is back" in embedded.said("consume_spans")
    assert embedded.rows("SELECT sum(spans) FROM tracking_trace") == [(load.total,)]
    assert embedded.rows("SELECT count(*) FROM tracking_setaside") == [(0,)]
    done = {event for event, (status, *_) in journeys(embedded).items() if status == "done"}
    assert done == set(expected(load))


def test_a_full_postgresql_stops_reading_tells_everybody_loses_nothing_and_is_got_over(place, disk):
    load = Load(SPANS, seed=13, start=lately())
    sender = Sender(place, load)
    by_http = sender.records.pop()
    place.manage("collectstatic", "--no-input", "--verbosity", "0")
    cookie = place.manage("shell", "-v", "0", "-c", SIGN_IN).split()[-1]

    with web(place) as it, running(place, "consume_spans"), running(place, "watch_deadlines"):
        begin(place, sender)
        with filled(disk):
            go_on(place, sender)
            stood = offsets(place)
            answer = it.send(by_http)
            assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
            assert b"full" in answer.body
            assert FULL in it.get("/readyz").body.decode()
            assert it.get("/readyz?of=pages").status == 200
            part = it.get("/health/", headers={"Cookie": cookie, "HX-Request": "true"})
            assert (part.status, FULL in part.body.decode()) == (200, True)
            assert FULL in place.manage("shell", "-v", "0", "-c", TROUBLES)
            assert offsets(place) == stood
            assert place.records_read() < len(sender.records)
        all_is_read(place, sender)
        assert it.send(by_http).status == 200
        wait_for(lambda: it.get("/readyz").status == 200, seconds=LIMIT, why="it is not ready")
    assert "the database is back" in place.said("consume_spans")
    assert_all_is_there(place, load)


def begin(place, sender):
    sender.send(1 / 4)
    wait_for(lambda: place.records_read() > 0, seconds=LIMIT, why="it never began")


def go_on(place, sender):
    """Send the rest while the disk is full, until the consumer says that it is."""
    sender.send(1)
    assert sender.producer.flush(30) == 0
    wait_for(
        lambda: "the database is full, reading pauses" in place.said("consume_spans"),
        seconds=LIMIT,
        why="nobody said that the disk is full",
    )


def all_is_read(place, sender):
    everything = len(sender.records)
    wait_for(lambda: place.records_read() == everything, seconds=LIMIT, why="it stopped")


def offsets(place):
    """Return how far each partition has been read, by the database and by Kafka."""
    stored = place.rows("SELECT partition, next_offset FROM tracking_source WHERE partition >= 0")
    admin = AdminClient({"bootstrap.servers": place.brokers, "log_level": 0})
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(place.topic)])
    told = asked[place.topic].result(30).topic_partitions
    assert len(stored) == PARTITIONS
    return sorted(stored), sorted((one.partition, one.offset) for one in told)
