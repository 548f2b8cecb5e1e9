"""`manage.py demo`: everything in one process, and a pipeline of trades to look at."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from slatrack.demo import addresses, child, faults, furnishing
from slatrack.demo.doors import Doors
from slatrack.embedded.claim import FolderInUseError
from slatrack.embedded.ports import PortBusyError
from slatrack.embedded.runner import Runner
from slatrack.tracking import messages

LOOPBACK = "127.0.0.1/32"


class Command(BaseCommand):
    help = "Run everything in one process, with a generated pipeline of trades and payments"
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        settings.SLATRACK.demo = True
        try:
            runner = Runner()
        except (PortBusyError, FolderInUseError) as error:
            raise CommandError(str(error)) from error
        doors = Doors.open(settings.SLATRACK.http_port + 1, kept_free=settings.SLATRACK.grpc_port)
        addresses.write(doors.addresses)
        faults.clear()
        runner.feed("pipeline", partial(child.run, runner.brokers, doors))
        settings.SLATRACK.demo = True
        runner.prepare()
        password = self._furnish(doors)
        if failed := runner.run(lambda: self._welcome(runner, password)):
            raise CommandError(failed)
        self.stdout.write("The demo has stopped; its data is kept.")

    def _furnish(self, doors: Doors) -> str:
        now = datetime.now(UTC)
        allowed = [settings.SLATRACK.alert_allowed_networks, LOOPBACK]
        settings.SLATRACK.alert_allowed_networks = ",".join(filter(None, allowed))
        messages.forget()  # the pipeline's Kafka is made anew, data is kept
        furnishing.load_flows(now=now)
        furnishing.connect_channels(doors.addresses, now=now)
        return furnishing.password()

    def _welcome(self, runner: Runner, password: str) -> None:
        self.stdout.write(
            f"\n  slatrack demo   {runner.url}\n"
            f"  user            {furnishing.NAME}\n"
            f"  password        {password}\n\n"
            "Trades and payments are coming in. Within a minute a deadline turns amber, then is\n"
            "missed: the regulator keeps one delivery waiting. Ctrl-C stops everything.\n"
        )
        self.stdout.flush()
