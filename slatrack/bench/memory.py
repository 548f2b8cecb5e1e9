"""The memory benchmark: input without an end, and single spans beyond any measure.

Each case runs in a process of its own, so that what it needed at most is its own.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from slatrack.bench import giants
from slatrack.bench.figures import Bench, Figures, Progress
from slatrack.bench.load import DOCUMENTS
from slatrack.bench.place import own_database
from slatrack.domain.durations import parse_duration
from slatrack.otlp.decoding import Wanted, decode
from slatrack.tracking import flows, housekeeping
from slatrack.tracking.models import Journey, SpanBlock, Trace
from slatrack.tracking.recorder import record

CASES: dict[str, Callable[..., Iterator[bytes]]] = {
    "parked": giants.parked,
    "in flight": giants.in_flight,
    "endless trace": giants.endless_trace,
    "endless event": partial(giants.endless_trace, key="TRA-endless"),
    "links": giants.links,
    "attribute": giants.attribute,
}
MANY = 100  # journeys, of which it makes sense to take the mean
SLACK = 1.5  # how much more the last tenth may take than the first
ROOM = 128_000_000  # bytes beside: caches fill, arenas are kept
UNITS = {
    "cpu_ms_per_batch_first": "CPU ms, median of the first tenth",
    "cpu_ms_per_batch_last": "CPU ms, median of the last tenth",
    "memory_first_bytes": "B, after the first tenth",
    "memory_last_bytes": "B, at the end",
    "peak_memory_bytes": "B",
    "bytes_per_journey_in_flight": "B of the process, for each that came after the first tenth",
}


def _add_arguments(group: Any) -> None:
    group.add_argument("--case", choices=list(CASES), help="one of them; otherwise all")
    group.add_argument("--size", type=int, help="spans of a case; otherwise what it is named for")


def _run(options: Mapping[str, Any], progress: Progress) -> Figures:
    if options["case"]:
        return _measured(options["case"], options["size"], progress)
    figures: Figures = {}
    for case in CASES:
        progress(f"{case}:")
        found = _in_a_process(case, options["size"])
        figures |= {f"{case.replace(' ', '_')}.{name}": value for name, value in found.items()}
    return figures


def _in_a_process(case: str, size: int | None) -> Figures:
    command = [sys.executable, "manage.py", "bench", "memory", "--json", "--case", case]
    done = subprocess.run(  # noqa: S603 - our own command
        [*command, *(["--size", str(size)] if size else [])],
        cwd=settings.BASE_DIR, stdout=subprocess.PIPE, check=True, text=True,
    )  # fmt: skip
    figures: Figures = json.loads(done.stdout)
    return figures


def _measured(case: str, size: int | None, progress: Progress) -> Figures:
    with own_database():
        flows.save(DOCUMENTS, now=datetime.fromtimestamp(0, UTC))
        figures = _fed(CASES[case](size) if size else CASES[case](), progress)
        figures |= _in_flight(figures) | _at_rest() | _expired()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return figures | {"peak_memory_bytes": peak}


def _fed(requests: Iterator[bytes], progress: Progress) -> Figures:
    """Record requests one by one, as they are made; return what they cost at first and at last."""
    wanted = Wanted(flows.current().wanted, settings.SLATRACK.span_max_bytes)
    costs: list[float] = []
    memory: list[int] = []
    spans = 0
    for data in requests:
        begin = time.process_time()
        found = decode(data, wanted=wanted, now=timezone.now()).spans
        record(found, now=timezone.now())
        costs.append((time.process_time() - begin) * 1000)
        memory.append(_resident())
        spans += len(found)
        if len(costs) % 100 == 0:
            progress(f"{spans:,} spans, {memory[-1] // 1_000_000} MB")
    tenth = max(1, len(costs) // 10)
    return {
        "spans": spans,
        "batches": len(costs),
        "cpu_ms_per_batch_first": round(median(costs[:tenth]), 2),
        "cpu_ms_per_batch_last": round(median(costs[-tenth:]), 2),
        "memory_first_bytes": memory[tenth - 1],
        "memory_last_bytes": memory[-1],
    }


def _in_flight(figures: Figures) -> Figures:
    """Return what a journey on its way costs in memory: the first tenth also fills caches."""
    journeys = Journey.objects.filter(ended_at=None).count()
    grown = max(0, figures["memory_last_bytes"] - figures["memory_first_bytes"])
    if journeys < MANY:
        return {"journeys_in_flight": journeys}
    each = round(grown / (0.9 * journeys), 1)
    return {"journeys_in_flight": journeys, "bytes_per_journey_in_flight": each}


def _at_rest() -> Figures:
    blocks = SpanBlock.objects.aggregate(spans=Sum("spans"))
    return {"traces": Trace.objects.count(), "spans_kept": blocks["spans"] or 0}


def _expired() -> Figures:
    """Let all that is parked expire, in this process too."""
    later = timezone.now() + parse_duration(settings.SLATRACK.parked_for) + timedelta(days=1)
    begin = time.process_time()
    gone = housekeeping.expire_parked(now=later)
    return {"expired_spans": gone, "expiry_cpu_seconds": round(time.process_time() - begin, 2)}


def _resident() -> int:
    """Return the memory that this process holds now; the most so far, where /proc is not there."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _wrong(figures: Figures) -> str:
    grown = [
        name.removesuffix("memory_last_bytes").rstrip(".") or "it"
        for name, last in figures.items()
        if name.endswith("memory_last_bytes")
        and last > SLACK * figures[name.replace("last_bytes", "first_bytes")] + ROOM
    ]
    return f"memory grows with the input: {', '.join(grown)}" if grown else ""


BENCH = Bench(
    "input without an end, and spans beyond any measure", _add_arguments, _run, UNITS, _wrong
)
