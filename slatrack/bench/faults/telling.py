"""People who are told, under fault: a worker with its beat, and the receiver of its messages."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from slatrack.alerting.models import Alert, Channel, Delivery, Incident
from slatrack.bench.faults.few import few
from slatrack.tracking.models import UnroutedFlip

LOOPBACK = "127.0.0.1"
ALLOWED = {"SLATRACK_ALERT_ALLOWED_NETWORKS": f"{LOOPBACK}/32"}
PROCESSES = 2  # that send and route
CHANNELS = 5  # one message at a time goes to each
_WORKER = "-m celery -q -A slatrack.celery worker -B --schedule {at} --concurrency {n} -l warning"


def worker_command(folder: Path) -> str:
    """Return the command of a worker that sweeps by itself."""
    return _WORKER.format(at=folder / "beat", n=PROCESSES)


class Receiver:
    """The outside: counts how often it was told each message, by the id to deduplicate on."""

    def __init__(self) -> None:
        self.told: Counter[str] = Counter()
        self.url, self.connected = "", False

    def connect(self) -> None:
        """Have all news sent here, by each of some channels."""
        self.connected, now = True, datetime.now(UTC)
        values: dict[str, Any] = {"kind": Channel.Kind.WEBHOOK, "config": {"url": self.url}}
        for number in range(CHANNELS):
            Channel.objects.create(name=f"receiver {number}", created_at=now, **values)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Serve webhooks until the block ends."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            receiver.told[self.headers["webhook-id"]] += 1
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        receiver.url = f"http://{LOOPBACK}:{server.server_address[1]}/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield receiver
        server.shutdown()


def all_told() -> bool:
    """Whether all news is history, and each message was sent or is not to be sent any more."""
    pending = Delivery.objects.filter(state=Delivery.State.PENDING)
    return not (UnroutedFlip.objects.exists() or pending.exists())


def broken(told: Counter[str]) -> Iterator[str]:
    """Yield what does not hold of messages: each at least once, none that was not decided."""
    states = dict(Delivery.objects.values_list("key", "state"))
    sent = {key for key, state in states.items() if state == Delivery.State.SENT}
    failed = {key for key, state in states.items() if state == Delivery.State.FAILED}
    yield from few("messages on record as sent that nobody received", sent - told.keys())
    yield from few("messages received that nobody decided", told.keys() - states.keys())
    yield from few("messages that failed", failed)
    missed = set(Alert.objects.filter(rung="missed").values_list("incident", flat=True))
    of_sent = Delivery.objects.filter(state=Delivery.State.SENT).values("incident")
    silent = Incident.objects.filter(pk__in=missed).exclude(pk__in=of_sent)
    yield from few("incidents of misses of which nobody was told", set(silent.values_list("pk")))
