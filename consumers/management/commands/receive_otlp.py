"""`manage.py receive_otlp`: receive spans over OTLP/gRPC."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from consumers import grpc_receiver
from consumers.signals import stop_on_signals
from slatrack import metrics


class Command(BaseCommand):
    help = "Receive spans over OTLP/gRPC until stopped; OTLP/HTTP is part of the web process"

    def handle(self, **options: Any) -> None:
        metrics.serve(settings.SLATRACK.host, settings.SLATRACK.metrics_port)
        try:
            grpc_receiver.run(stop_on_signals())
        except grpc_receiver.PortTakenError as exc:
            raise CommandError(str(exc)) from exc
