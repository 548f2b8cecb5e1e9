"""`manage.py bench`: the project's own benchmarks, on a database and topics of their own."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from slatrack.bench import ingest
from slatrack.bench.load import Load
from slatrack.bench.place import Broker, own_database

EMBEDDED_SPANS = 40_000  # about what the embedded broker keeps: 5 MB in each of 4 partitions


class Command(BaseCommand):
    help = (
        "Measure slatrack here: spans per second from a Kafka topic to committed, queryable "
        "journeys. Uses the configured broker and database server, with a topic and a database "
        "of its own; the embedded ones where none is configured."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", nargs="?", choices=["ingest"], default="ingest")
        parser.add_argument(
            "--spans", type=int, help="spans to send: 40,000, or 200,000 with a broker"
        )
        parser.add_argument("--json", action="store_true", help="print JSON, for machines")
        parser.add_argument("--seed", type=int, default=1, help="of the load generator")

    def handle(self, *, spans: int | None, seed: int, **options: Any) -> None:
        most = 200_000 if settings.SLATRACK.kafka_brokers else EMBEDDED_SPANS
        load = Load(spans or most, seed)
        if not settings.SLATRACK.kafka_brokers and load.total > EMBEDDED_SPANS:
            raise CommandError(
                f"the embedded broker cannot hold {load.total:,} spans: send at most {most:,}, "
                "or name a broker in SLATRACK_KAFKA_BROKERS"
            )
        with own_database(), Broker() as broker:
            self.progress(f"sending {load.total:,} spans to {broker.topic}")
            broker.send(load.records())
            self.progress("reading them")
            figures = ingest.measure(load, broker)
        self.stdout.write(json.dumps(figures) if options["json"] else table(figures))
        if figures["lost"] or figures["journeys_wrong"]:
            raise CommandError("spans or journeys are missing: this is a defect, please report it")

    def progress(self, message: str) -> None:
        self.stderr.write(message)


def table(figures: dict[str, Any]) -> str:
    """Return the figures for people: a line each, with units."""
    units = {
        "spans": "",
        "seconds": "s",
        "spans_per_second": "spans/s",
        "cpu_seconds_per_million_spans": "CPU s, slatrack alone",
        "machine_cpu_seconds_per_million_spans": "CPU s, broker and database included",
        "stored_bytes_per_span": "B",
        "peak_memory_bytes": "B",
    }
    width = max(map(len, figures))
    return "\n".join(
        f"{name:<{width}}  {_number(value)} {units.get(name, '')}".rstrip()
        for name, value in figures.items()
    )


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
