"""`manage.py consume_logs`: read log records from Kafka, as one member of their consumer group."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from consumers import kafka
from consumers.signals import stop_on_signals
from slatrack import metrics


class Command(BaseCommand):
    help = "Read log records from Kafka until stopped; run as many as there are partitions, at most"

    def handle(self, **options: Any) -> None:
        for name in ("kafka_brokers", "kafka_log_topics"):
            if not getattr(settings.SLATRACK, name):
                raise CommandError(
                    f"SLATRACK_{name.upper()} is not set: there is nothing to read log records from"
                )
        metrics.serve(settings.SLATRACK.host, settings.SLATRACK.metrics_port)
        try:
            kafka.run_logs(stop_on_signals())
        except kafka.TopicsInvalid as exc:
            raise CommandError(str(exc)) from exc
