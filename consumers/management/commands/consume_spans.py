"""`manage.py consume_spans`: read spans from Kafka, as one member of the consumer group."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from consumers import kafka
from consumers.signals import stop_on_signals
from slatrack import metrics


class Command(BaseCommand):
    help = "Read spans from Kafka until stopped; run as many as there are partitions, at most"

    def handle(self, **options: Any) -> None:
        if not settings.SLATRACK.kafka_brokers:
            raise CommandError(
                "SLATRACK_KAFKA_BROKERS is not set: name the brokers, e.g. kafka:9092. "
                "To run all in one process, use `manage.py up`"
            )
        metrics.serve(settings.SLATRACK.host, settings.SLATRACK.metrics_port)
        try:
            kafka.run(stop_on_signals(), alone=True)
        except kafka.TopicsInvalid as exc:
            raise CommandError(str(exc)) from exc
