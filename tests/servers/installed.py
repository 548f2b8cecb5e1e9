"""slatrack's processes on real servers, with a topic and a database of their own."""

import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from slatrack.bench.load import DOCUMENTS

PARTITIONS = 3
OWN_REDIS = 5  # its number: tasks of other tests' workers are not ours
ROUTE = """
from django.utils import timezone
from slatrack.alerting import routing
while routing.take_up(None, now=timezone.now()):
    pass
"""


class Place:
    """An environment with an empty database and topic; `database` asks it in SQL."""

    def __init__(self, brokers: str, postgres: str, redis: str, folder: Path) -> None:
        self.topic = f"faults_{uuid.uuid4().hex[:8]}"
        self.brokers, self.folder = brokers, folder
        with psycopg.connect(postgres, autocommit=True) as db:
            db.execute(f"CREATE DATABASE {self.topic}")
        base, _, query = postgres.partition("?")
        self.url = f"{base.rpartition('/')[0]}/{self.topic}" + (f"?{query}" if query else "")
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("SLATRACK_")},
            "DJANGO_SETTINGS_MODULE": "slatrack.settings",
            "SLATRACK_DATA_DIR": str(folder),
            "SLATRACK_DATABASE_URL": self.url,
            "SLATRACK_SECRET_KEY": uuid.uuid4().hex * 2,
            "SLATRACK_KAFKA_BROKERS": brokers,
            "SLATRACK_KAFKA_TOPICS": f"{self.topic}:otlp_proto",
            "SLATRACK_KAFKA_GROUP": self.topic,
            "SLATRACK_REDIS_URL": f"{redis.rpartition('/')[0]}/{OWN_REDIS}",
            "PYTHONUNBUFFERED": "1",
        }

    def prepare(self) -> None:
        """Make the topic and the tables, and load the flows of the load generator."""
        self.make_topic()
        self.manage("migrate", "--verbosity", "0")
        document = self.folder / "flows.yaml"
        document.write_text(DOCUMENTS)
        self.manage("load_flow", str(document))

    def make_topic(self, **config: str) -> None:
        admin = AdminClient({"bootstrap.servers": self.brokers, "log_level": 0})
        made = admin.create_topics([NewTopic(self.topic, PARTITIONS, 1, config=config)])
        made[self.topic].result(30)

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, env=self.environment, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start a command, or the worker with its beat; it logs to a file of its name.

        "worker --pool prefork" is one with processes of its own, as most are.
        """
        what, *more = name.split()
        beat = ["-B", "-s", str(self.folder / "beat"), "-l", "warning"]
        worker = ["-m", "celery", "-A", "slatrack.celery", "worker", *beat]
        words = (
            [*worker, *(more or ["--pool", "solo"])] if what == "worker" else ["manage.py", name]
        )
        command = [sys.executable, *words]
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def said(self, name: str) -> str:
        """Return what a process has logged."""
        return (self.folder / f"{name}.log").read_text()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as db:
            return db.execute(query).fetchall()

    def records_read(self) -> int:
        [[found]] = self.rows("SELECT sum(next_offset) FROM tracking_source WHERE partition >= 0")
        return int(found or 0)


def wait_for(condition: Callable[[], bool], *, seconds: float, why: str) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, why
        threading.Event().wait(0.1)
