"""`manage.py watch_deadlines`: notice deadlines that pass in silence."""

import signal
from argparse import ArgumentParser
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from slatrack import live, metrics
from slatrack.tracking import forecasting, watcher


class Command(BaseCommand):
    help = "Notice deadlines that pass in silence, with no span to report them"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="stop when all is settled")

    def handle(self, *, once: bool, **options: Any) -> None:
        if once:
            while watcher.settle_due(now=datetime.now(UTC)):
                continue
            return
        stop = Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: stop.set())
        metrics.serve(settings.SLATRACK.host, settings.SLATRACK.metrics_port)
        live.get_ready()
        forecaster = Thread(target=forecasting.run, args=(stop,), name="forecaster", daemon=True)
        forecaster.start()
        watcher.run(stop)
        forecaster.join(timeout=5)
