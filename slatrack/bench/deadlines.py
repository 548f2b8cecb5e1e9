"""The benchmark of deadlines: very many events stand in flight, and all are due within one second.

Real `watch_deadlines` processes decide; alerts are routed meanwhile, as a worker does. Before that
the pages are asked while all stand in flight, and the watchers are started beside them.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

from django.db import OperationalError, connection
from django.db.models import Count

from slatrack.alerting import routing
from slatrack.alerting.models import Alert, Incident
from slatrack.bench import shares, standing
from slatrack.bench.figures import Bench, Figures, Impossible, Progress
from slatrack.bench.looking import looks
from slatrack.bench.place import own_database, server_process
from slatrack.bench.processes import Processes, machine_cpu
from slatrack.tracking.models import Deadline, Flip, Journey, UnroutedFlip

LOOK = 0.05  # seconds
PATIENCE = 600.0  # seconds for all to be decided
MISSED = "missed"
UNITS = {
    "restart_seconds": "s from the start of a watcher to the first deadline that it settled",
    "decided_seconds": "s from the first due time until all are decided and recorded",
    "late_seconds": "s from the last due time until all are decided and recorded",
    "alerted_seconds": "s from the first due time until all are alerts of incidents",
    "decided_per_second": "deadlines/s",
    "cpu_seconds_per_million": "CPU s, watchers alone",
    "database_cpu_seconds_per_million": "CPU s of a server on this machine, until all are alerts",
    "machine_cpu_seconds_per_million": "CPU s, database and all else included, until decided",
    "board_ms_p50": "ms, the board's page while all are in flight",
    "board_ms_p95": "ms",
    "board_live_ms_p50": "ms, one drawing of the board for open pages",
    "board_live_ms_p95": "ms",
    "flow_ms_p50": "ms, the page of one flow",
    "flow_ms_p95": "ms",
    "flow_live_ms_p50": "ms, one drawing of it for open pages",
    "flow_live_ms_p95": "ms",
}


def _add_arguments(group: Any) -> None:
    group.add_argument("--deadlines", type=int, default=20_000, help="due within one second")
    group.add_argument("--watchers", type=int, default=1, help="processes that share the work")
    group.add_argument(
        "--lead", type=float, help="seconds until they are due; 60 and 400 per million if not said"
    )
    group.add_argument(
        "--mixed", action="store_true", help="recorded in another order than they are due in"
    )
    group.add_argument("--looks", type=int, default=10, help="how often each page is asked")


def _run(options: Mapping[str, Any], progress: Progress) -> Figures:
    count = options["deadlines"]
    lead = options["lead"] or 60 + count * 400 / 1e6
    first_due = datetime.now(UTC) + timedelta(seconds=lead)
    with own_database():
        progress(f"{count:,} events, due in {lead:.0f} s")
        standing.stand(count, first_due=first_due, now=datetime.now(UTC), mixed=options["mixed"])
        standing.take_stock()
        progress("looking at the pages")
        pages = looks(standing.FLOWS[0], options["looks"])
        if datetime.now(UTC) > first_due - timedelta(seconds=5):
            raise Impossible("to have them stand took longer than thought: give a longer --lead")
        progress("waiting for the second in which they are due")
        return {"deadlines": count, "database": connection.vendor, "watchers": options["watchers"],
                **pages, **_measure(count, options["watchers"], first_due)}  # fmt: skip


def _measure(count: int, watchers: int, first_due: datetime) -> Figures:
    key = standing.overdue(now=datetime.now(UTC))
    connection.close()
    database = server_process()
    started = time.monotonic()
    with Processes(watchers, "watch_deadlines", changed={"SLATRACK_METRICS_PORT": "0"}) as running:
        _wait(UnroutedFlip.objects.filter(journey__key=key).exists, running)
        restart = time.monotonic() - started
        if datetime.now(UTC) > first_due:
            raise Impossible("the watchers started after the deadlines were due: a longer --lead")
        _sleep_until(first_due)
        own, machine = running.cpu_seconds() or 0.0, machine_cpu()
        server = shares.family_seconds(database) or 0.0
        with _Routing():
            end = first_due + standing.SECOND
            due = Journey.objects.filter(next_at__lte=end + timedelta(milliseconds=1))
            last = due.order_by("-next_at").values_list("id")[:1]  # of those left
            _wait(lambda: datetime.now(UTC) > end and not last.all(), running)
            decided = _since(first_due)
            own, machine = (running.cpu_seconds() or 0.0) - own, machine_cpu() - machine
            _wait(lambda: not UnroutedFlip.objects.exists(), running)
            alerted = _since(first_due)
            server = (shares.family_seconds(database) or 0.0) - server
    return {
        "restart_seconds": round(restart, 2),
        "decided_seconds": round(decided, 2),
        "late_seconds": round(decided - standing.SECOND.total_seconds(), 2),
        "alerted_seconds": round(alerted, 2),
        "decided_per_second": round(count / decided),
        "cpu_seconds_per_million": round(own / count * 1e6, 1),
        "database_cpu_seconds_per_million": round(server / count * 1e6, 1),
        "machine_cpu_seconds_per_million": round(machine / count * 1e6, 1),
        **_found(),
    }


def _wait(until: Callable[[], bool], running: Processes) -> None:
    since = time.monotonic()
    while not until():
        time.sleep(LOOK)
        if running.died() or time.monotonic() - since > PATIENCE:
            raise RuntimeError("the deadlines are not decided")


def _since(at: datetime) -> float:
    return (datetime.now(UTC) - at).total_seconds()


def _sleep_until(at: datetime) -> None:
    time.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()))


class _Routing:
    """A worker's part: flips become alerts as they are recorded, in a thread of this process."""

    def __init__(self) -> None:
        self._stop = Event()
        self._thread = Thread(target=self._run, name="routing", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if not routing.take_up(None, now=datetime.now(UTC)):
                    self._stop.wait(LOOK)
            except OperationalError:  # SQLite has one writer, which is a watcher now
                self._stop.wait(LOOK)
        connection.close()


def _found() -> Figures:
    """Count what was made of them: one miss and one alert each, one incident a flow."""
    verdicts = dict(Deadline.objects.values_list("verdict").annotate(Count("id")))
    return {
        "missed": verdicts.pop(MISSED, 0),
        "not_missed": sum(verdicts.values()),
        "flips": Flip.objects.filter(about="verdict", after=MISSED).count(),
        "alerts": Alert.objects.filter(rung=MISSED).count(),
        "incidents": Incident.objects.count(),
    }


def _wrong(figures: Figures) -> str:
    all_of_them = figures["deadlines"] + 1  # with the one that was overdue from the start
    right = all(figures[name] == all_of_them for name in ("missed", "flips", "alerts"))
    if right and not figures["not_missed"] and figures["incidents"] == len(standing.FLOWS):
        return ""
    return "deadlines were decided or told otherwise than once each"


BENCH = Bench("very many deadlines within one second", _add_arguments, _run, UNITS, _wrong)
