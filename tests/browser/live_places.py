"""Where the live measurement runs: all in one process, or an installation of separate ones."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PORT = 18450
USER, PASSWORD = "probe", "measure-only-1"
SEPARATE = {
    "web": ["-m", "uvicorn", "slatrack.asgi:application", "--port", str(PORT), "--no-access-log"],
    "consumer": ["manage.py", "consume_spans"],
    "watcher": ["manage.py", "watch_deadlines"],
    "worker": ["-m", "celery", "-A", "slatrack.celery", "worker", "--pool", "solo", "-l", "error"],
    "beat": ["-m", "celery", "-A", "slatrack.celery", "beat", "-l", "error", "-s", "{data}/beat"],
}
TOGETHER = {"all": ["manage.py", "up"]}


def separate() -> bool:
    """Whether the environment names a database and a Redis that several processes can share."""
    return bool(os.environ.get("SLATRACK_DATABASE_URL") and os.environ.get("SLATRACK_REDIS_URL"))


FLIPS = """
from slatrack.tracking import flip_history
import json
for one in flip_history.every():
    if (one.about, one.after) == ("verdict", "missed"):
        instants = [at.timestamp() * 1000 for at in (one.due_at, one.recorded_at)]
        print(json.dumps([one.journey.key, *instants]))
"""


def recorded(data: Path) -> dict[str, float]:
    """Return of each event that missed how many ms after its due time that was recorded."""
    environment = {**os.environ, "SLATRACK_DATA_DIR": str(data)}
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", FLIPS]
    said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    rows = [json.loads(line) for line in said.stdout.splitlines() if line.startswith("[")]
    return {key: at - due for key, due, at in reversed(rows)}  # the first: the proof comes later


@contextmanager
def slatrack(brokers: str, data: Path, flows: str) -> Iterator[dict[str, int]]:
    """Run slatrack on these brokers until the block ends; yield the processes' numbers by name."""
    data.mkdir(parents=True)
    environment = {
        **os.environ,
        "SLATRACK_KAFKA_BROKERS": brokers,
        "SLATRACK_DATA_DIR": str(data),
        "SLATRACK_HTTP_PORT": str(PORT),
        "SLATRACK_GRPC_PORT": str(PORT + 1),
        "SLATRACK_SECRET_KEY": "only-for-measuring-" * 4,
        "SLATRACK_PUBLIC_URL": f"http://127.0.0.1:{PORT}",
        "DJANGO_SETTINGS_MODULE": "slatrack.settings",
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
    }
    _prepare(environment, data, flows)
    commands = SEPARATE if separate() else TOGETHER
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(_process(command, environment, data))
            for name, command in commands.items()
        }


def _prepare(environment: dict[str, str], data: Path, flows: str) -> None:
    def manage(*arguments: str) -> None:
        subprocess.run([sys.executable, "manage.py", *arguments], env=environment, check=True)

    manage("migrate", "--verbosity", "0")
    manage("createsuperuser", "--noinput", "--username", USER, "--email", "p@example.org")
    (data / "flows.yaml").write_text(flows)
    manage("load_flow", str(data / "flows.yaml"))
    if separate():
        manage("collectstatic", "--noinput", "--verbosity", "0")


@contextmanager
def _process(command: list[str], environment: dict[str, str], data: Path) -> Iterator[int]:
    arguments = [part.format(data=data) for part in command]
    process = subprocess.Popen([sys.executable, *arguments], env=environment, stdout=sys.stderr)
    try:
        if "manage.py up" in " ".join(command) or "uvicorn" in command:
            _wait_for_page()
        yield process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def _wait_for_page() -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=1)
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("slatrack did not start")
