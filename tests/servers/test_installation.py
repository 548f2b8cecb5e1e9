"""A whole server installation: every process of docker-compose.yml, on real servers."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
import uuid
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError

import psycopg
import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from tests.servers.process import free_port, running

pytestmark = pytest.mark.servers

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PATIENCE = 120  # seconds; every wait ends as soon as what it waits for is there
TOKEN = "of-the-collector"
FLOW = """
flow: probes
event_key: [probe.id]
steps:
  - {step: received, role: ingress, match: {kind: server}}
  - {step: reported, role: sink, match: {kind: client}, after: [received]}
"""


def span(kind, number):
    now = time.time_ns()
    return {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": f"{number:016x}",
        "name": "probe",
        "kind": kind,
        "startTimeUnixNano": str(now - 1_000_000),
        "endTimeUnixNano": str(now),
        "attributes": [{"key": "probe.id", "value": {"stringValue": "P-1"}}],
    }


EXPORT = {"resourceSpans": [{"scopeSpans": [{"spans": [span(2, 1), span(3, 2)]}]}]}


CELERY = ("celery", "-A", "slatrack.celery", "worker", "--pool", "solo", "-l", "info")


class Installation:
    """Processes that share an environment, each with its log."""

    def __init__(self, environment, folder):
        self.environment, self.folder = environment, folder
        self.port = int(environment["SLATRACK_HTTP_PORT"])

    def manage(self, *arguments, check=True):
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def process(self, name, *command, ready, **settings):
        """Run a process of the installation until the block ends; `settings` are its own."""
        with running(
            [str(BIN / command[0]), *command[1:]],
            log=self.folder / f"{name}.log",
            ready=ready,
            env={**self.environment, **settings},
            cwd=ROOT,
            seconds=PATIENCE,
        ):
            yield

    def get(self, path, *, port=None, headers=(), data=None):
        """Return status and body; 0 where nobody answers yet."""
        url = f"http://127.0.0.1:{port or self.port}{path}"
        request = urllib.request.Request(url, data, dict(headers))
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            return error.code, error.read()
        except (URLError, OSError):
            return 0, b""

    def worker_answers(self):
        said = (self.folder / "worker.log").read_text()
        return re.search(r"celery@\S+ ready", said) is not None

    def send(self, *, token):
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        return self.get("/v1/traces", headers=headers, data=json.dumps(EXPORT).encode())[0]


@pytest.fixture
def installation(kafka_brokers, postgres_url, redis_url, tmp_path):
    name = f"whole_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres_url, autocommit=True) as database:
        database.execute(f"CREATE DATABASE {name}")
    admin = AdminClient({"bootstrap.servers": kafka_brokers})
    admin.create_topics([NewTopic(name, 3, 1)])[name].result(30)
    port = free_port()
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SLATRACK_")}
    return Installation(
        {
            **kept,
            "DJANGO_SETTINGS_MODULE": "slatrack.settings",
            "SLATRACK_DATABASE_URL": f"{postgres_url.rpartition('/')[0]}/{name}",
            "SLATRACK_REDIS_URL": redis_url,
            "SLATRACK_KAFKA_BROKERS": kafka_brokers,
            "SLATRACK_KAFKA_TOPICS": name,
            "SLATRACK_KAFKA_GROUP": name,
            "SLATRACK_SECRET_KEY": uuid.uuid4().hex * 2,
            "SLATRACK_INGEST_TOKENS": TOKEN,
            "SLATRACK_METRICS_TOKEN": "of-the-scraper",
            "SLATRACK_HTTP_PORT": str(port),
            "SLATRACK_PUBLIC_URL": f"http://127.0.0.1:{port}",
        },
        tmp_path,
    )


def test_all_processes_together_are_ready_and_take_a_span_to_a_journey(installation, browser):
    it = installation
    it.manage("migrate", "--verbosity", "0")
    it.manage("collectstatic", "--no-input", "--verbosity", "0")
    (it.folder / "flow.yaml").write_text(FLOW)
    it.manage("load_flow", str(it.folder / "flow.yaml"))
    metrics = [free_port(), free_port()]
    with ExitStack() as stack:
        stack.enter_context(
            it.process("web", *uvicorn(it.port), ready=lambda: it.get("/healthz")[0] == 200)
        )
        stack.enter_context(it.process("worker", *CELERY, ready=it.worker_answers))
        assert it.get("/readyz?of=pages")[0] == 200
        assert b"consume_spans" in it.get("/readyz")[1]
        for name, port in zip(("consume_spans", "watch_deadlines"), metrics, strict=True):
            stack.enter_context(
                it.process(
                    name, "python", "manage.py", name,
                    ready=lambda port=port: it.get("/metrics", port=port)[0] == 200,
                    SLATRACK_METRICS_PORT=str(port),
                )
            )  # fmt: skip
        wait_for(lambda: it.get("/readyz")[0] == 200, lambda: it.get("/readyz")[1])

        assert it.send(token="somebody's") == 401
        assert it.send(token=TOKEN) == 200
        assert json.loads(it.manage("show_journey", "probes", "P-1"))["status"] == "done"

        assert it.get("/metrics")[0] == 403
        shown = it.get("/metrics", headers={"Authorization": "Bearer of-the-scraper"})[1].decode()
        assert 'slatrack_spans_total{outcome="new"} 2.0' in shown
        assert "slatrack_watcher_silent_seconds" in shown

        assert complaints(browser, f"http://127.0.0.1:{it.port}/") == []


def uvicorn(port):
    return ("uvicorn", "slatrack.asgi:application", "--port", str(port), "--no-access-log")


def wait_for(condition, reason):
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, reason()
        time.sleep(0.2)


def complaints(browser, url):
    """Return what the browser's console says of the first page, policy violations among it."""
    page, said = browser.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    answer = page.goto(url)
    assert answer.status == 200
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    page.wait_for_load_state("networkidle")
    page.close()
    return said
