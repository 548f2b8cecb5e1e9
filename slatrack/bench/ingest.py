"""The ingest benchmark: from records in a Kafka topic to committed, queryable journeys."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import Sum

from slatrack.bench import lesson, shares, storage
from slatrack.bench.collecting import as_sent, by_trace
from slatrack.bench.figures import Bench, Figures, Impossible, Progress
from slatrack.bench.load import DOCUMENTS, Load
from slatrack.bench.place import Broker, own_database, server_process, serving
from slatrack.bench.processes import Processes, machine_cpu
from slatrack.tracking import flows
from slatrack.tracking.models import Dictionary, Journey, Trace

PATIENCE = 120.0  # seconds without progress before the benchmark gives up
LOOK = 0.1  # seconds: looking costs processor time, which is what is measured
EMBEDDED_SPANS = 40_000  # about what the embedded broker keeps: 5 MB in each of 4 partitions
UNITS = {
    "seconds": "s",
    "spans_per_second": "spans/s",
    "cpu_seconds_per_million_spans": "CPU s, slatrack alone",
    "spans_per_own_cpu_second": "spans: what a core does that slatrack has to itself",
    "database_cpu_seconds_per_million_spans": "CPU s",
    "broker_cpu_seconds_per_million_spans": "CPU s",
    "machine_cpu_seconds_per_million_spans": "CPU s, broker and database included",
    "logged_bytes_per_span": "B of PostgreSQL's log",
    "stored_bytes_per_span": "B",
    "kept_bytes_per_span": "B of each span sent, once those that matched nothing have expired",
    "peak_memory_bytes": "B",
}


def _add_arguments(group: Any) -> None:
    group.add_argument("--spans", type=int, help="spans to send: 40,000, or 200,000 with a broker")
    group.add_argument("--consumers", type=int, default=1, help="processes that share the work")
    group.add_argument("--cores", type=int, help="pin the consumers to so many cores together")
    group.add_argument(
        "--expire",
        action="store_true",
        help="at the end let spans that matched nothing expire, and measure what stays",
    )
    group.add_argument(
        "--scattered",
        action="store_true",
        help="records of 100 spans, a trace's in four partitions; else a trace's in one",
    )
    group.add_argument(
        "--dictionaries",
        action="store_true",
        help=f"record {lesson.SPANS:,} other spans first, not measured, and train dictionaries "
        "from them: what is stored where slatrack has run for a while",
    )


class _Known(NamedTuple):
    """What is stored before anything is measured."""

    spans: int = 0
    keys: frozenset[tuple[str, str]] = frozenset()


NOTHING = _Known()


def _run(options: Mapping[str, Any], progress: Progress) -> Figures:
    most = 200_000 if settings.SLATRACK.kafka_brokers else EMBEDDED_SPANS
    load = Load(options["spans"] or most, options["seed"])
    if not settings.SLATRACK.kafka_brokers and load.total > EMBEDDED_SPANS:
        raise Impossible(
            f"the embedded broker cannot hold {load.total:,} spans: send at most {most:,}, "
            "or name a broker in SLATRACK_KAFKA_BROKERS"
        )
    with own_database(), Broker() as broker:
        progress(f"sending {load.total:,} spans to {broker.topic}")
        keyed = as_sent if options["scattered"] else by_trace
        broker.send(keyed(load.records()))
        progress("reading them")
        known = _taught(load) if options["dictionaries"] else NOTHING
        empty = storage.stored_bytes()
        figures = measure(load, broker, options["consumers"], cores=options["cores"], known=known)
        if not options["expire"]:
            return figures
        progress("letting what matched nothing expire")
        return figures | {"kept_bytes_per_span": _kept(load, empty)}


def _taught(load: Load) -> _Known:
    """Train dictionaries from other spans, of which what matches nothing then expires."""
    flows.save(DOCUMENTS, now=datetime.fromtimestamp(0, UTC))
    other, now = lesson.before(load), datetime.now(UTC)
    lesson.teach(other, now=now)
    storage.let_expire(now=now)
    return _Known(_stored_spans(), frozenset(other.keys))


def _wrong(figures: Figures) -> str:
    wrong = figures["lost"] or figures["journeys_wrong"]
    return "spans or journeys are missing" if wrong else ""


BENCH = Bench(
    "from a Kafka topic to committed, queryable journeys", _add_arguments, _run, UNITS, _wrong
)


def measure(
    load: Load,
    broker: Broker,
    consumers: int = 1,
    *,
    cores: int | None = None,
    known: _Known = NOTHING,
) -> Figures:
    """Read all that `broker` holds with real consumers; return the figures, units in names.

    The clock runs from the moment at which each consumer has partitions: joining a group takes
    seconds that the broker's settings decide. What was read before then is not counted,
    nor is what is `known`.
    """
    flows.save(DOCUMENTS, now=datetime.fromtimestamp(0, UTC))
    empty, logged = storage.stored_bytes(), storage.logged_bytes()
    costs = _read_all(broker, consumers, cores)
    return {
        "spans": load.total,
        "spans_measured": costs.spans,
        "database": connection.vendor,
        "consumers": consumers,
        "dictionaries": Dictionary.objects.count(),
        "seconds": round(costs.seconds, 3),
        "spans_per_second": round(costs.spans / costs.seconds),
        **_processor_time(costs),
        "logged_bytes_per_span": _each(storage.logged_bytes(), logged, load),
        "stored_bytes_per_span": _each(storage.stored_bytes(), empty, load),
        "peak_memory_bytes": costs.memory,
        **_checked(load, known),
    }


def _each(after: int | None, before: int | None, load: Load) -> float | None:
    if after is None or before is None:
        return None
    return round((after - before) / load.total, 1)


def _kept(load: Load, empty: int) -> float | None:
    """Return what is stored for each span sent once those that matched nothing have expired."""
    storage.let_expire(now=datetime.now(UTC))
    return _each(storage.stored_bytes(), empty, load)


class _Costs(NamedTuple):
    """What reading came to; processor time of consumers, database, broker and machine."""

    spans: int
    seconds: float
    begun: tuple[float | None, ...]
    ended: tuple[float | None, ...]
    memory: int | None


def _read_all(broker: Broker, consumers: int, cores: int | None) -> _Costs:
    changed = {
        "SLATRACK_KAFKA_BROKERS": broker.address,
        "SLATRACK_KAFKA_TOPICS": f"{broker.topic}:otlp_proto",
        "SLATRACK_KAFKA_GROUP": broker.topic,
        "SLATRACK_METRICS_PORT": "0",
    }
    database, server = server_process(), serving(broker.address)
    connection.close()
    with Processes(consumers, "consume_spans", changed=changed, cores=cores) as readers:
        before = _wait(broker, readers, until=lambda: broker.owners() == consumers)
        begun, begin = _used(readers, database, server), time.monotonic()
        spans = _wait(broker, readers, until=lambda: broker.read() == broker.records) - before
        seconds = time.monotonic() - begin
        ended = _used(readers, database, server)
        return _Costs(spans, seconds, begun, ended, readers.peak_memory_bytes())


def _processor_time(costs: _Costs) -> dict[str, float | None]:
    """Return what a million spans cost whom, and how many a core does that slatrack has alone."""
    times = zip(costs.begun, costs.ended, strict=True)
    own, database, broker, machine = (_per_million(*one, costs.spans) for one in times)
    return {
        "cpu_seconds_per_million_spans": own,
        "spans_per_own_cpu_second": round(1e6 / own) if own else None,
        "database_cpu_seconds_per_million_spans": database,
        "broker_cpu_seconds_per_million_spans": broker,
        "machine_cpu_seconds_per_million_spans": machine,
    }


def _used(readers: Processes, database: int | None, broker: int | None) -> tuple[float | None, ...]:
    """Return the processor time so far of consumers, database, broker, and of the whole machine."""
    return (
        readers.cpu_seconds(),
        shares.family_seconds(database),
        shares.family_seconds(broker),
        machine_cpu(),
    )


def _per_million(begun: float | None, used: float | None, spans: int) -> float | None:
    if begun is None or used is None or not spans:
        return None
    return round((used - begun) / spans * 1e6, 2)


def _wait(broker: Broker, readers: Processes, *, until: Callable[[], bool]) -> int:
    """Wait; return how many spans are stored then. RuntimeError where nothing moves any more."""
    done, since = -1, time.monotonic()
    while not until():
        time.sleep(LOOK)
        read = broker.read()
        if read > done:
            done, since = read, time.monotonic()
        if readers.died() or time.monotonic() - since > PATIENCE:
            raise RuntimeError(f"stuck after {done:,} of {broker.records:,} records")
    return _stored_spans()


def _stored_spans() -> int:
    return Trace.objects.aggregate(n=Sum("spans"))["n"] or 0


def _checked(load: Load, known: _Known) -> dict[str, Any]:
    """Compare what is stored with what was sent, and what was known before."""
    done = set(Journey.objects.filter(status="done").values_list("flow__name", "key"))
    return {
        "lost": load.total + known.spans - _stored_spans(),
        "journeys": len(done - known.keys),
        "journeys_wrong": len(done ^ {*load.keys, *known.keys}),
    }
