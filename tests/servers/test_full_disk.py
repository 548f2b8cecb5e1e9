"""A disk that is full: reading stops, says so, loses nothing, and goes on by itself."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from slatrack.bench.load import Load
from tests.servers.installed import Place, wait_for
from tests.servers.test_outages import Sender, running
from tests.servers.truth import expected, journeys

pytestmark = pytest.mark.servers

SIZE = 96  # MB
SPANS = 16_000
LIMIT = 180  # seconds


@pytest.fixture
def disk():
    """A small file system, which is soon full."""
    folder = Path(tempfile.mkdtemp(prefix="slatrack-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m,mode=1777", "tmpfs", str(folder)]
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*sudo, *mount], check=True)
    yield folder
    subprocess.run([*sudo, "umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


@contextmanager
def filled(disk):
    """Let not one byte be left on it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while file.write(bytes(size)):
                    continue
    assert shutil.disk_usage(disk).free == 0
    yield
    ballast.unlink()


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
def place(kafka_brokers, postgres_url, redis_url, tmp_path, disk):
    made = Embedded(kafka_brokers, postgres_url, redis_url, tmp_path, disk)
    made.prepare()
    return made


def test_a_full_disk_stops_reading_says_so_loses_nothing_and_is_got_over(place, disk):
    load = Load(SPANS, seed=13)
    sender = Sender(place, load)
    with running(place, "consume_spans"):
        sender.send(1 / 4)
        wait_for(lambda: place.records_read() > 0, seconds=LIMIT, why="it never began")
        with filled(disk):
            sender.send(1)
            assert sender.producer.flush(30) == 0
            wait_for(
                lambda: "the database is full, reading pauses" in place.said("consume_spans"),
                seconds=LIMIT,
                why="nobody said that the disk is full",
            )
            assert place.records_read() < len(sender.records)
        wait_for(
            lambda: place.records_read() == len(sender.records), seconds=LIMIT, why="it stopped"
        )
    assert "the database is back" in place.said("consume_spans")
    assert place.rows("SELECT sum(spans) FROM tracking_trace") == [(load.total,)]
    assert place.rows("SELECT count(*) FROM tracking_setaside") == [(0,)]
    done = {event for event, (status, *_) in journeys(place).items() if status == "done"}
    assert done == set(expected(load))
