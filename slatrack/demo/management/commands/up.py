"""`manage.py up`: everything in one process."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from slatrack.embedded import first_account
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
        password = first_account.make()
        if failed := runner.run(lambda: self._welcome(runner, password)):
            raise CommandError(failed)
        self.stdout.write("slatrack has stopped.")

    def _welcome(self, runner: Runner, password: str) -> None:
        if password:
            self.stdout.write(
                f"\n  first account   {first_account.NAME}\n"
                f"  password        {password}\n\n"
                "It is shown this once. Another: .venv/bin/python manage.py changepassword "
                f"{first_account.NAME}\n"
            )
        self.stdout.write(
            f"slatrack is running: {runner.url}\n"
            f"Spans may go to {runner.url}/v1/traces (OTLP/HTTP), "
            f"{runner.grpc_at or 'a busy port'} (OTLP/gRPC) or Kafka at {runner.brokers}\n"
            "Ctrl-C stops it."
        )
        self.stdout.flush()
