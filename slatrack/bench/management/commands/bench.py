"""`manage.py bench`: the project's own benchmarks, on a database and topics of their own."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from slatrack.bench import alerts, backtest, catch_up, deadlines, forecast, ingest, memory, rules
from slatrack.bench.faults import bench as faults
from slatrack.bench.figures import Bench, Impossible, table

BENCHES: dict[str, Bench] = {
    "ingest": ingest.BENCH,
    "backtest": backtest.BENCH,
    "deadlines": deadlines.BENCH,
    "alerts": alerts.BENCH,
    "catch_up": catch_up.BENCH,
    "memory": memory.BENCH,
    "rules": rules.BENCH,
    "forecast": forecast.BENCH,
    "faults": faults.BENCH,
}


class Command(BaseCommand):
    help = (
        "Measure slatrack here. Uses the configured broker and database server, with topics and a "
        "database of its own; the embedded ones where none is configured."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", nargs="?", choices=list(BENCHES), default="ingest")
        parser.add_argument("--json", action="store_true", help="print JSON, for machines")
        parser.add_argument("--seed", type=int, default=1, help="of the load generators")
        for name, bench in BENCHES.items():
            bench.add_arguments(parser.add_argument_group(name, bench.about))

    def handle(self, *, what: str, **options: Any) -> None:
        bench = BENCHES[what]
        try:
            figures = bench.run(options, self.stderr.write)
        except Impossible as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(json.dumps(figures) if options["json"] else table(figures, bench.units))
        if wrong := bench.wrong(figures):
            raise CommandError(f"{wrong}: this is a defect, please report it")
