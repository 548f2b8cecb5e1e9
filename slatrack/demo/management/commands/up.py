"""`manage.py up`: everything in one process."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from slatrack.embedded.claim import FolderInUseError
from slatrack.embedded.ports import PortBusyError
from slatrack.embedded.runner import Runner


class Command(BaseCommand):
    help = "Run everything in one process: pages, span consumer, deadline watcher, tasks"
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        try:
            runner = Runner()
        except (PortBusyError, FolderInUseError) as error:
            raise CommandError(str(error)) from error
        runner.prepare()
        if failed := runner.run(lambda: self._welcome(runner)):
            raise CommandError(failed)
        self.stdout.write("slatrack has stopped.")

    def _welcome(self, runner: Runner) -> None:
        self.stdout.write(
            f"slatrack is running: {runner.url}\n"
            f"Spans may go to {runner.url}/v1/traces (OTLP/HTTP), "
            f"{runner.grpc_at or 'a busy port'} (OTLP/gRPC) or Kafka at {runner.brokers}\n"
            "Ctrl-C stops it."
        )
        self.stdout.flush()
