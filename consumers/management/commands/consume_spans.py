"""`manage.py consume_spans`: read spans from Kafka, as one member of the consumer group."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from consumers import kafka
from consumers.signals import stop_on_signals
from slatrack import metrics

SWITCH = 0.05  # seconds that a thread computes while the other would; Python's own is 0.005


class Command(BaseCommand):
    help = "Read spans from Kafka until stopped; run as many as there are partitions, at most"

    def handle(self, **options: Any) -> None:
        if not settings.SLATRACK.kafka_brokers:
            raise CommandError(
                "SLATRACK_KAFKA_BROKERS is not set: name the brokers, e.g. kafka:9092. "
                "To run all in one process, use `manage.py up`"
            )
        # Two threads compute here, and nobody waits for an answer: to decode as the database works
        # is as good as to decode before, and to take turns every few milliseconds is dear.
        sys.setswitchinterval(SWITCH)
        metrics.serve(settings.SLATRACK.host, settings.SLATRACK.metrics_port)
        try:
            kafka.run(stop_on_signals(), alone=True)
        except kafka.TopicsInvalid as exc:
            raise CommandError(str(exc)) from exc
