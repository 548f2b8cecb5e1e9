"""A whole installation for a benchmark: consumers, watcher, worker, web, each a process."""

import socket
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.error import URLError

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test import Client

from slatrack.bench.figures import Impossible
from slatrack.bench.place import Broker, own_redis
from slatrack.bench.processes import Processes

LOOK = 0.1  # seconds
PATIENCE = 120.0  # seconds without progress
PARTS = ("consumers", "watcher", "worker", "web")  # those whose memory is looked at
CELERY = ("-m", "celery", "-q", "-A", "slatrack.celery")
COMMANDS: dict[str, Sequence[str]] = {
    "consumers": ("consume_spans",),
    "watcher": ("watch_deadlines",),
    "worker": (*CELERY, "worker", "--concurrency", "4", "--loglevel", "error"),
    "beat": (*CELERY, "beat", "--schedule", "{folder}/beat", "--pidfile", "",
             "--loglevel", "error"),
    "web": ("-m", "uvicorn", "slatrack.asgi:application", "--port", "{port}",
            "--no-access-log", "--log-level", "error"),
}  # fmt: skip


def needed() -> None:
    """Raise Impossible unless there are real servers for separate processes."""
    own = settings.SLATRACK
    if connection.vendor != "postgresql" or not (own.kafka_brokers and own.redis_url):
        raise Impossible(
            "several processes share real servers: set SLATRACK_DATABASE_URL, "
            "SLATRACK_KAFKA_BROKERS and SLATRACK_REDIS_URL"
        )


class Installation:
    """Its processes by the names in COMMANDS, reading the topic of `broker`.

    They end with the block. Parts in `later` are not started until `start` is called for them.
    """

    def __init__(self, broker: Broker, *, readers: int, later: Sequence[str] = ()) -> None:
        self.broker, self._readers, self._later = broker, readers, later
        self._stack, self.parts = ExitStack(), dict[str, Processes]()
        self._stacks: dict[str, ExitStack] = {}
        self.port = _free_port()
        self._changed = {
            "SLATRACK_KAFKA_BROKERS": broker.address,
            "SLATRACK_KAFKA_TOPICS": f"{broker.topic}:otlp_proto",
            "SLATRACK_KAFKA_LOG_TOPICS": "",
            "SLATRACK_KAFKA_GROUP": broker.topic,
            "SLATRACK_METRICS_PORT": "0",
            "SLATRACK_REDIS_URL": own_redis(),
        }

    def __enter__(self) -> "Installation":
        connection.close()
        with self._stack:  # what fails midway ends what it has started
            self._folder = self._stack.enter_context(tempfile.TemporaryDirectory())
            for part in COMMANDS:
                if part not in self._later:
                    self.start(part)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self, part: str) -> None:
        """Start the processes of a part."""
        command = [one.format(folder=self._folder, port=self.port) for one in COMMANDS[part]]
        number = self._readers if part == "consumers" else 1
        made = Processes(number, *command, changed=self._changed)
        self._stacks[part] = self._stack.enter_context(ExitStack())
        self.parts[part] = self._stacks[part].enter_context(made)

    def end(self, part: str) -> None:
        """Tell the processes of a part to end, and wait for that."""
        self._stacks[part].close()
        del self.parts[part]

    def until(
        self,
        condition: Callable[[], object],
        why: str,
        *,
        every: float = LOOK,
        seconds: float = PATIENCE,
        within: float = float("inf"),
    ) -> None:
        """Wait for a condition, looking at it `every` so many seconds.

        RuntimeError if for `seconds` neither it nor a span came, or not `within` a time at all.
        """
        begun = since = time.monotonic()
        read = -1
        while not condition():
            time.sleep(every)
            if (stored := self.broker.read()) > read:
                read, since = stored, time.monotonic()
            now = time.monotonic()
            if now - since > seconds or now - begun > within:
                raise RuntimeError(f"{why}; {read:,} records are stored")
            for part, processes in self.parts.items():
                if processes.died():
                    raise RuntimeError(f"{part}: a process has ended by itself")

    def reading(self) -> bool:
        """Whether each consumer has partitions."""
        return self.broker.owners() == self._readers

    def memory(self) -> dict[str, int]:
        """Return the bytes that each part holds now; of the consumers, one's."""
        found = {part: self.parts[part].memory_bytes() or 0 for part in PARTS}
        return {**found, "consumers": found["consumers"] // self._readers}


class Person:
    """Somebody signed in who asks the web process for its board, as a browser does."""

    def __init__(self, port: int) -> None:
        manifest = Path(settings.STATIC_ROOT or "") / "staticfiles.json"
        if settings.STATIC_ROOT and not manifest.exists():
            call_command("collectstatic", interactive=False, verbosity=0)
        person, _ = get_user_model().objects.get_or_create(username="bench", is_superuser=True)
        browser = Client()
        browser.force_login(person)
        cookie = browser.cookies[settings.SESSION_COOKIE_NAME].value
        self._request = urllib.request.Request(
            f"http://127.0.0.1:{port}/",
            headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"},
        )

    def look(self) -> bool:
        """Ask for it; whether it came, and not the page to sign in at."""
        try:
            with urllib.request.urlopen(self._request, timeout=60) as answer:  # noqa: S310 - ours
                return bool(answer.read()) and "/accounts/" not in answer.url
        except (URLError, OSError):
            return False


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
