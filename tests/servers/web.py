"""The web process of a place: pages, probes and OTLP over HTTP, on a port of its own."""

import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError, URLError

from tests.servers.installed import Place
from tests.servers.process import free_port, running

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds for one answer


class Answer(NamedTuple):
    """What was answered; status 0 where nobody listens yet."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Web:
    """The process, as a probe, a sender or a person sees it."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(
        self, path: str, data: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask for a path; POST where there is data."""
        url = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(url, data, dict(headers or {}))
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return Answer(answer.status, answer.read(), answer.headers)
        except HTTPError as error:
            return Answer(error.code, error.read(), error.headers)
        except (URLError, OSError):
            return Answer(0, b"", {})

    def send(self, record: bytes) -> Answer:
        """Send spans as OTLP over HTTP."""
        return self.get("/v1/traces", record, {"Content-Type": "application/x-protobuf"})


@contextmanager
def web(place: Place) -> Iterator[Web]:
    """Run it until the block ends."""
    made = Web(free_port())
    command = ["-m", "uvicorn", "slatrack.asgi:application", "--port", str(made.port)]
    with running(
        [sys.executable, *command, "--no-access-log"],
        log=place.folder / "web.log",
        ready=lambda: made.get("/healthz").status == 200,
        env=place.environment,
        cwd=ROOT,
    ):
        yield made
