"""The benchmark of backtests: a deadline tried over stored journeys, beside the live path too.

The journeys are seeded as rows, not recorded: their parts are those of events that were, moved in
time. The backtest runs in a process of its own, as a worker would, and so does the consumer.
"""

import random
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from slatrack.bench.collecting import by_trace
from slatrack.bench.figures import Bench, Figures, Progress
from slatrack.bench.ingest import EMBEDDED_SPANS, measure
from slatrack.bench.load import Load
from slatrack.bench.place import Broker, own_database
from slatrack.bench.processes import Processes
from slatrack.domain.instants import to_datetime
from slatrack.domain.parts import Part, Sighting, journey_id
from slatrack.tracking import backtesting, flows, store
from slatrack.tracking.journey_rows import JOURNEY_COLUMNS
from slatrack.tracking.models import Backtest, Flow, Journey
from slatrack.tracking.packing import pack_parts

FLOW = """\
flow: history
title: Events on record
event_key: [history.id]
steps:
  - {step: received, role: ingress, match: {kind: server, service: history}}
  - {step: accepted, match: {kind: producer, service: history}, after: [received]}
  - {step: enriched, match: {kind: consumer, service: history}, after: [accepted]}
  - {step: reported, role: sink, match: {kind: client, service: history}, after: [enriched]}
deadlines:
  - deadline: report within 15 minutes
    rule: {kind: duration, from: ingress, amount: PT15M, warn: [{fraction: 0.5}]}
    until: reported
"""
STEPS = ("received", "accepted", "enriched", "reported")
SHORTER = {
    "deadline": "report within 15 minutes",
    "rule": {"kind": "duration", "from": "ingress", "amount": "PT10M", "warn": [{"fraction": 0.5}]},
    "until": "reported",
}
DAYS, SECOND, CHUNK = 7, 1_000_000_000, 5_000
MOST_MEMORY = 500_000_000  # bytes
UNITS = {
    "seconds": "s, alone",
    "events_per_second": "events/s, alone",
    "cpu_seconds_per_million_events": "CPU s, of its process",
    "peak_memory_bytes": "B, of its process",
    "ingest_alone": "spans/s",
    "ingest_beside_it": "spans/s, while a backtest runs",
    "ingest_kept": "of the rate alone",
    "events_per_second_beside": "events/s, while spans come in",
}


def _add_arguments(group: Any) -> None:
    group.add_argument("--history", type=int, default=100_000, help="journeys on record")
    group.add_argument("--only-history", action="store_true", help="do not measure the live path")
    group.add_argument("--carry-on", type=int, help="be the worker of that backtest")


def _run(options: Mapping[str, Any], progress: Progress) -> Figures:
    if options["carry_on"]:
        while backtesting.carry_on(options["carry_on"], clock=timezone.now):
            pass
        return {"events": Backtest.objects.get(pk=options["carry_on"]).done}
    with own_database():
        flows.save(FLOW, now=datetime.fromtimestamp(0, UTC))
        progress(f"seeding {options['history']:,} events")
        _seed(options["history"], options["seed"])
        figures = _alone(progress)
        if not options["only_history"]:
            figures |= _beside(options["seed"], progress)
    return figures


def _seed(events: int, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a load, no secret
    first = timezone.now() - timedelta(days=DAYS)
    flow, rows = Flow.objects.get(), []
    for number in range(events):
        start = first + timedelta(days=DAYS) * (number / events)
        rows.append(_row(flow.id, f"EVENT-{number:08d}", start, rng))
        if len(rows) == CHUNK or number == events - 1:
            with transaction.atomic():
                store.insert(Journey, JOURNEY_COLUMNS, sorted(rows, key=lambda row: row[0].int))
            rows = []
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _row(flow: int, key: str, at: datetime, rng: random.Random) -> tuple[Any, ...]:
    """One event: most take seconds to minutes, one in a hundred is late or never arrives."""
    start = int(at.timestamp() * 1e6) * 1000
    took = round(min(rng.lognormvariate(4.6, 0.8), 7200) * SECOND)
    reported = rng.random() > 0.002
    sightings = tuple(_sightings(start, took, rng, reported=reported))
    end = max(map(attrgetter("end"), sightings))
    part = Part(sightings, 8, start, end, 0, truncated=False, captured=())
    values: dict[str, Any] = {
        **dict.fromkeys(JOURNEY_COLUMNS),
        "id": journey_id("history", key),
        "flow": flow,
        "key": key,
        "status": "done" if reported else "in_flight",
        "verdict": "met" if reported and took <= 900 * SECOND else "missed",
        "complete": True,
        "started_at": to_datetime(start),
        "ended_at": to_datetime(end) if reported else None,
        "step": sightings[-1].step,
        "step_at": to_datetime(end),
        "working": False,
        "error": False,
        "deadline": "report within 15 minutes",
        "told": "",
        "judged_by": 0,
        "flip_count": 0,
        "spans": 8,
        "attributes": {},
        "parts": pack_parts({rng.randbytes(16): part}),
        "changed_at": to_datetime(end),
    }
    return tuple(values[name] for name in JOURNEY_COLUMNS)


def _sightings(start: int, took: int, rng: random.Random, *, reported: bool) -> Iterator[Sighting]:
    for number, step in enumerate(STEPS if reported else STEPS[:-1]):
        at = start + took * number // 3
        yield Sighting(
            step, at, at + SECOND // 100, rng.randbytes(8), False, "history", "key", 1,
            "trades.accepted", 3, at // SECOND,
        )  # fmt: skip


def _ask() -> Backtest:
    now = timezone.now()
    flow = Flow.objects.get(name="history")
    since = now - timedelta(days=DAYS + 1)
    question = backtesting.Question(flow, SHORTER, since, now, str(SHORTER["deadline"]))
    return backtesting.ask(question, by=None, now=now)


def _worker(row: Backtest) -> Processes:
    command = ("bench", "backtest", "--json", "--carry-on", str(row.pk))
    return Processes(1, *command, changed={})


def _alone(progress: Progress) -> Figures:
    row = _ask()
    progress("trying a deadline over them")
    connection.close()
    with _worker(row) as worker:
        used = memory = 0.0
        while _seen(row).open and not worker.died():
            used, memory = worker.cpu_seconds() or used, worker.peak_memory_bytes() or memory
            time.sleep(0.2)
    if row.state != Backtest.State.FINISHED or not (row.begun_at and row.finished_at):
        raise RuntimeError(f"the backtest is {row.state}: {row.problem}")
    seconds = (row.finished_at - row.begun_at).total_seconds()
    tally = backtesting.tally(row)
    return {
        "events": row.done,
        "database": connection.vendor,
        "seconds": round(seconds, 2),
        "events_per_second": round(row.done / seconds),
        "cpu_seconds_per_million_events": round(used / max(row.done, 1) * 1e6, 1),
        "peak_memory_bytes": int(memory),
        "missed": tally.count(tried="missed"),
        "newly_missed": tally.newly_missed,
        "lost": Journey.objects.filter(flow__name="history").count() - tally.count(),
    }


def _beside(seed: int, progress: Progress) -> Figures:
    progress("reading spans alone")
    alone = _ingest(seed)
    progress("reading spans beside a backtest")
    row = _ask()
    connection.close()
    with _worker(row):
        beside = _ingest(seed + 1)
        done, seen = _seen(row).done, timezone.now()
        backtesting.stop(row, now=seen)
    seconds = (min(row.finished_at or seen, seen) - (row.begun_at or seen)).total_seconds()
    return {
        "ingest_alone": alone,
        "ingest_beside_it": beside,
        "ingest_kept": round(beside / alone, 3),
        "events_per_second_beside": round(done / seconds) if seconds else 0,
        "ran_out": not row.open,
    }


def _ingest(seed: int) -> int:
    """Return how many spans a second one consumer reads, from Kafka to committed journeys."""
    load = Load(200_000 if settings.SLATRACK.kafka_brokers else EMBEDDED_SPANS, seed)
    with Broker() as broker:
        broker.send(by_trace(load.records()))
        return int(measure(load, broker)["spans_per_second"])


def _seen(row: Backtest) -> Backtest:
    row.refresh_from_db()
    return row


def _wrong(figures: Figures) -> str:
    if figures.get("lost"):
        return f"{figures['lost']} events were not judged"
    if figures.get("peak_memory_bytes", 0) > MOST_MEMORY:
        return f"a backtest needs more than {MOST_MEMORY // 1_000_000} MB"
    return ""


BENCH = Bench(
    "a deadline tried over stored journeys, alone and beside the live path",
    _add_arguments, _run, UNITS, _wrong,
)  # fmt: skip
