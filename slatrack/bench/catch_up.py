"""The benchmark of catching up: consumers are away for minutes, and spans go on to arrive.

What arrived meanwhile is sent as fast as it goes; then the consumers read it while as much arrives
as before. All that is stored and told is compared with what was sent, as after any fault.
"""

import resource
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from slatrack.alerting.models import Alert
from slatrack.bench.comparing import Truth, broken
from slatrack.bench.figures import Bench, Figures, Progress
from slatrack.bench.installation import Installation, needed
from slatrack.bench.load import DOCUMENTS
from slatrack.bench.place import PARTITIONS, Broker, own_database
from slatrack.bench.processes import machine_cpu
from slatrack.bench.sending import Plan, Sender, Sent
from slatrack.bench.stencils import SPANS_PER_WINDOW, Stream
from slatrack.tracking import flows
from slatrack.tracking.models import Flip, Journey, UnroutedFlip

UNREPORTED = 25  # one event in so many never reaches its sink
DUE_AFTER = 10.0  # seconds after an event was sent
AGE = 15 * 60 - DUE_AFTER  # of an event that is sent, whose deadline is 15 minutes
GONE = 1.0  # seconds of arrivals that may lie unread of one that has caught up
LOOK = 0.25  # seconds
LONGEST = 600.0  # seconds, and ten times the backlog: what reads more slowly does not catch up
RARELY = 1.0  # seconds between looks that read a whole table
JUDGED = 600.0  # seconds that judging and telling may take without a span being read
SENT = 3600.0  # seconds for a backlog to be sent
UNITS = {
    "backlog_seconds": "s of arrivals that nobody read",
    "arriving_per_second": "spans/s, before and while it is read",
    "backlog_spans": "spans",
    "backlog_sent_per_second": "spans/s, before the consumers were started",
    "caught_up_seconds": "s from the start of the consumers until 1 s of arrivals is unread",
    "read_per_second": "spans/s until then, from the start of the consumers' processes",
    "last_due_seconds": "s from their start until the last event was due, 10 s after it was sent",
    "judged_seconds": "s from their start until each event has its last verdict",
    "told_seconds": "s from their start until each miss is an alert",
    "cores_busy": "of the whole machine, until caught up",
    "consumers_peak_bytes": "B, one consumer",
    "bench_peak_bytes": "B, what compares; bounded but for a bit for each span",
    "compared_seconds": "s that comparing took",
}


def _add_arguments(group: Any) -> None:
    group.add_argument(
        "--minutes", type=float, default=1.0, help="of arrivals at --rate that nobody read"
    )


def _run(options: Mapping[str, Any], progress: Progress) -> Figures:
    needed()
    with own_database(), Broker() as broker:
        flows.save(DOCUMENTS, now=datetime.fromtimestamp(0, UTC))
        return CatchUp(broker, options, progress).figures()


class CatchUp:
    """One backlog, and what arrives while it is read."""

    def __init__(self, broker: Broker, options: Mapping[str, Any], progress: Progress) -> None:
        self.broker, self.progress = broker, progress
        self.rate, self.readers = options["rate"], options["readers"]
        self.seconds = options["minutes"] * 60
        self.stream = Stream(options["seed"], UNREPORTED)

    def figures(self) -> Figures:
        """Do it; return the figures."""
        windows = -(-round(self.seconds * self.rate) // SPANS_PER_WINDOW)
        with Installation(self.broker, readers=self.readers, later=("web",)) as here:
            here.until(here.reading, "the consumers own nothing")
            here.end("consumers")
            backlog = self._backlog(windows)
            more, found = self._caught_up(here, backlog)
            found |= self._judged(here, backlog, more)
            peak = here.parts["consumers"].peak_memory_bytes() or 0
        began = time.monotonic()
        self.progress("comparing")
        wrong = broken(Truth(self.stream, [backlog, more]))
        return {
            "backlog_seconds": self.seconds,
            "arriving_per_second": self.rate,
            "backlog_spans": backlog.spans,
            "backlog_sent_per_second": round(backlog.spans / backlog.seconds),
            **found,
            "spans": backlog.spans + more.spans,
            "consumers_peak_bytes": peak // self.readers,
            "bench_peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "compared_seconds": round(time.monotonic() - began, 1),
            "unknown_meanwhile": Flip.objects.filter(about="verdict", after="unknown").count(),
            "misses_told": Alert.objects.filter(rung="missed").count(),
            "broken": "; ".join(wrong),
        }

    def _backlog(self, windows: int) -> Sent:
        self.progress(f"sending {windows * SPANS_PER_WINDOW:,} spans that nobody reads")
        with Sender(self._plan(0, windows, None)) as sender:
            sender.ready()
            sender.go()
            return sender.end(SENT)

    def _plan(self, first: int, windows: int | None, rate: float | None) -> Plan:
        broker = self.broker
        return Plan(
            self.stream, broker.address, broker.topic, PARTITIONS, first, windows, rate, AGE
        )

    def _caught_up(self, here: Installation, backlog: Sent) -> tuple[Sent, Figures]:
        """Start the consumers with spans arriving; return these, once little lies unread."""
        little = GONE * self.rate * backlog.records / backlog.spans
        with Sender(self._plan(backlog.windows.stop, None, self.rate)) as sender:
            sender.ready()
            self._began, busy = time.monotonic(), machine_cpu()
            here.start("consumers")
            sender.go()
            here.until(
                lambda: backlog.records + sender.records - here.broker.read() <= little,
                "it does not catch up", every=LOOK, within=LONGEST + 10 * self.seconds,
            )  # fmt: skip
            caught_up = self._since()
            cores = (machine_cpu() - busy) / caught_up
            read = here.broker.read() / backlog.records * backlog.spans
            sender.stop()
            more = sender.end(60.0)
        self.progress(f"caught up after {caught_up:.1f} s")
        return more, {
            "caught_up_seconds": round(caught_up, 1),
            "read_per_second": round(read / caught_up),
            "cores_busy": round(cores, 2),
            "last_due_seconds": round(self._since() + DUE_AFTER, 1),
        }

    def _judged(self, here: Installation, backlog: Sent, more: Sent) -> Figures:
        """Wait until all is read, judged and told."""
        records = backlog.records + more.records
        here.until(lambda: here.broker.read() == records, "not all is read")
        open_ones = Journey.objects.exclude(verdict__in=("met", "missed"))
        here.until(
            lambda: not open_ones.exists(), "not all is judged", every=RARELY, seconds=JUDGED
        )
        judged = self._since()
        here.until(
            lambda: not UnroutedFlip.objects.exists(), "not all is told", every=LOOK, seconds=JUDGED
        )
        return {"judged_seconds": round(judged, 1), "told_seconds": round(self._since(), 1)}

    def _since(self) -> float:
        return time.monotonic() - self._began


def _wrong(figures: Figures) -> str:
    return str(figures["broken"])


BENCH = Bench(
    "a backlog of minutes, read while as much goes on to arrive",
    _add_arguments,
    _run,
    UNITS,
    _wrong,
)
