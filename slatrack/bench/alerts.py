"""The benchmark of alerts: from Kafka to a committed alert, while very many events are in flight.

A whole installation reads spans at a steady rate. Probes among them must each be told once. All is
done twice: with nothing else in flight, and with very many, which also shows what a journey in
flight costs in the memory of each process.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Sum

from slatrack.alerting.models import Alert
from slatrack.bench import load, probes, standing
from slatrack.bench.figures import Bench, Figures, Impossible, Progress
from slatrack.bench.installation import PARTS, Installation, Person, needed
from slatrack.bench.place import PARTITIONS, Broker, own_database
from slatrack.bench.probes import EVIDENCE, SILENCE, Prober
from slatrack.bench.processes import machine_cpu
from slatrack.bench.sending import Plan, Sender, Sent
from slatrack.bench.stencils import SPANS_PER_WINDOW, Stream
from slatrack.bench.storage import stored_bytes
from slatrack.bench.tellings import MISSED, Told, Watch, broken, summary
from slatrack.tracking import flows
from slatrack.tracking.models import Journey, Trace

WARM = 5.0  # seconds of load before the first probe that counts
PAGE_EVERY = 10  # seconds between looks at the board, which cost more the more is in flight
AGE = 1.0  # seconds that an event of the load took until it is sent
LEAD = timedelta(minutes=15)  # until those that stand are due
TOLD = 30.0  # seconds after the last is due until all must be told
PERCENTILES = {
    "evidence": "ms from Kafka's append to the commit of the alert that the span proves",
    "evidence_recorded": "ms of it until the batch is recorded that holds the span",
    "evidence_told": "ms of it from then on",
    "silence": "ms from the due time to the commit of the alert",
    "silence_recorded": "ms of it until the watcher looked",
    "silence_told": "ms of it from then on",
}
OF_A_TURN = {
    "behind_seconds": "s of the load that lay unread at most",
    "cores_busy": "of the whole machine, while probes were sent",
    "look_ms_max": "ms at most between two looks for alerts",
    "sent_late_ms_max": "ms that the load was sent later than planned, at worst",
    **{
        f"{name}_ms_{what}": said
        for name, said in PERCENTILES.items()
        for what in ("p50", "p95", "p99", "max")
    },
}
UNITS = {
    "spans_per_second": "spans/s that pass",
    "stored_bytes_per_journey": "B of rows and indexes of a journey and its deadline; spans apart",
    **OF_A_TURN,
    **{f"few_{name}": said for name, said in OF_A_TURN.items()},
    **{f"{part}_bytes_few": "B held by one, with few in flight" for part in PARTS},
    **{f"{part}_bytes": "B held by one, with all in flight" for part in PARTS},
    **{f"{part}_bytes_per_journey": "B of the process" for part in PARTS},
}


def _add_arguments(group: Any) -> None:
    group.add_argument("--in-flight", type=int, default=50_000, help="events that stand, not due")
    group.add_argument(
        "--rate", type=int, default=5_000, help="spans a second beside (catch_up too)"
    )
    group.add_argument(
        "--seconds", type=int, default=60, help="in which probes are sent, each turn"
    )
    group.add_argument("--probes", type=float, default=10, help="pairs of them a second")
    group.add_argument("--readers", type=int, default=2, help="consumers (catch_up too)")


def _run(options: Mapping[str, Any], progress: Progress) -> Figures:
    needed()
    count = options["in_flight"]
    documents = "---\n".join((load.DOCUMENTS, standing.DOCUMENTS, probes.FLOW))
    with own_database(), Broker(probes.APPEND_TIME) as broker:
        flows.save(documents, now=datetime.fromtimestamp(0, UTC))
        turns = Turns(broker, options, progress)
        few, held_few = turns.turn("few")
        due = datetime.now(UTC) + LEAD
        progress(f"{count:,} events in flight")
        empty = stored_bytes()
        standing.stand(count, first_due=due, now=datetime.now(UTC))
        each = (stored_bytes() - empty) / count
        standing.take_stock()
        if datetime.now(UTC) + timedelta(seconds=options["seconds"] + 60) > due:
            raise Impossible("to have them stand took so long that they are due before the end")
        many, held = turns.turn("many")
        return {
            "in_flight": count,
            "spans_per_second": options["rate"],
            "probes": turns.asked,
            **many,
            **{f"few_{name}": value for name, value in few.items()},
            **memory(held_few, held, count),
            "stored_bytes_per_journey": round(each, 1),
            **turns.checked(2 * min(count, standing.SHAPES)),
        }


class Turns:
    """The same work done twice; of `asked` probes to be told once each `wrong` were not."""

    def __init__(self, broker: Broker, options: Mapping[str, Any], progress: Progress) -> None:
        self.broker, self.options, self.progress = broker, options, progress
        self.stream, self.sent = Stream(options["seed"]), list[Sent]()
        self.asked = self.wrong = self._probe_spans = self._records = 0

    def turn(self, name: str) -> tuple[Figures, dict[str, float]]:
        """Run an installation under load; return its figures, and what each process held."""
        self.progress(f"{name}: starting the processes")
        reading = Installation(self.broker, readers=self.options["readers"])
        with Sender(self._plan()) as sender, Watch() as watch, reading as here:
            self._awake(here, watch, f"{name}-first")
            person = Person(here.port)
            here.until(person.look, "the web process shows no board")
            sender.ready()
            sender.go()
            time.sleep(WARM)
            self.progress(f"{name}: probes for {self.options['seconds']} s")
            found, held, prober = self._probed(here, person, sender, name)
            self.sent.append(sender.end(60.0))
            self._records += self.sent[-1].records
            here.until(lambda: here.broker.read() >= self._records, "not all is read")
            self._settled(prober, watch)
        return {
            **found,
            **latencies("evidence", prober.since, watch.told(EVIDENCE, named=name)),
            **latencies("silence", prober.since, watch.told(SILENCE, named=name)),
            "look_ms_max": round(watch.slowest * 1000, 1),
            "sent_late_ms_max": round(self.sent[-1].latest * 1000, 1),
        }, held

    def _plan(self) -> Plan:
        rate = self.options["rate"]
        windows = -(-rate * (WARM + self.options["seconds"]) // SPANS_PER_WINDOW)
        first = self.sent[-1].windows.stop if self.sent else 0
        broker = self.broker
        return Plan(
            self.stream, broker.address, broker.topic, PARTITIONS, first, int(windows), rate, AGE
        )

    def _awake(self, here: Installation, watch: Watch, name: str) -> None:
        """Wait until one of each kind has been told: all processes do their part."""
        here.until(here.reading, "the consumers own nothing")
        with Prober(self.broker, named=name, each_second=1.0) as prober:
            for kind in (EVIDENCE, SILENCE):
                here.until(lambda: watch.told(kind, named=name), "nobody tells")  # noqa: B023
        self._records += prober.records
        self._settled(prober, watch)

    def _probed(
        self, here: Installation, person: Person, sender: Sender, name: str
    ) -> tuple[Figures, dict[str, float], Prober]:
        """Send probes for a while, with a person looking and memory looked at once a second."""
        held: list[dict[str, int]] = []
        behind, began, busy = 0.0, time.monotonic(), machine_cpu()
        with Prober(self.broker, named=name, each_second=self.options["probes"]) as prober:
            for second in range(1, self.options["seconds"] + 1):
                time.sleep(max(0.0, began + second - time.monotonic()))
                unread = self._records + sender.records + prober.records - here.broker.read()
                behind = max(behind, unread * (WARM + second) / max(1, sender.records))
                held.append(here.memory())
                if second % PAGE_EVERY == 1 and not person.look():
                    raise RuntimeError("the board does not come")
        self._records += prober.records
        cores = (machine_cpu() - busy) / (time.monotonic() - began)
        median_of = {part: median(one[part] for one in held) for part in PARTS}
        return (
            {"behind_seconds": round(behind, 2), "cores_busy": round(cores, 2)},
            median_of,
            prober,
        )

    def _settled(self, prober: Prober, watch: Watch) -> None:
        """Wait until all probes are told, and a little longer; count those that are not once."""
        end = prober.due() + timedelta(seconds=TOLD)
        while datetime.now(UTC) < end:
            if len(watch.told(EVIDENCE, SILENCE, named=prober.named)) >= len(prober.since):
                break
            time.sleep(0.2)
        time.sleep(1.0)  # for one that is told twice
        self.wrong += broken(prober.since, watch.told(EVIDENCE, SILENCE, named=prober.named))
        self.asked += len(prober.since)
        self._probe_spans += prober.spans

    def checked(self, others: int) -> Figures:
        """Compare what is stored and told with what was sent."""
        stored = Trace.objects.aggregate(n=Sum("spans"))["n"] or 0
        done = Journey.objects.filter(status="done", flow__name__in=load.FLOWS)
        wanted = {event for one in self.sent for event in self.stream.events(one.windows)}
        return {
            "lost": sum(one.spans for one in self.sent) + self._probe_spans + others - stored,
            "journeys": len(wanted),
            "journeys_wrong": len(wanted ^ set(done.values_list("flow__name", "key"))),
            "probes_not_told_once": self.wrong,
            "others_told": Alert.objects.filter(rung=MISSED).count() - self.asked,
        }


def latencies(name: str, since: Mapping[str, float], told: list[Told]) -> Figures:
    """Return how long it took from when on it could be told, and in which part of the way."""
    seen = [(since[one.key], one.recorded, one.seen) for one in told if one.seen is not None]
    return {
        **summary(name, [at - begin for begin, _, at in seen]),
        **summary(f"{name}_recorded", [recorded - begin for begin, recorded, _ in seen]),
        **summary(f"{name}_told", [at - recorded for _, recorded, at in seen]),
    }


def memory(few: Mapping[str, float], many: Mapping[str, float], count: int) -> Figures:
    """Return what each process held, and what a journey in flight adds to it."""
    figures: Figures = {}
    for part in PARTS:
        figures[f"{part}_bytes_few"] = round(few[part])
        figures[f"{part}_bytes"] = round(many[part])
        figures[f"{part}_bytes_per_journey"] = round((many[part] - few[part]) / count, 1)
    return figures


def _wrong(figures: Figures) -> str:
    said = {
        "lost": "spans lost",
        "journeys_wrong": "journeys wrong",
        "probes_not_told_once": "probes told otherwise than once each",
        "others_told": "misses told of events that are well",
    }
    return "; ".join(f"{figures[name]:,} {words}" for name, words in said.items() if figures[name])


BENCH = Bench(
    "from Kafka to a committed alert while very many events are in flight",
    _add_arguments, _run, UNITS, _wrong,
)  # fmt: skip
