"""`manage.py show_journey FLOW KEY`: the journey as JSON, as the API gives it."""

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from slatrack.tracking import reading


class Command(BaseCommand):
    help = "Print a journey as JSON, as the API gives it; exit 1 where there is none"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("flow")
        parser.add_argument("key")
        parser.add_argument("--spans", action="store_true", help="add its spans, under span_list")

    def handle(self, *, flow: str, key: str, spans: bool, **options: Any) -> None:
        journey = reading.journey(flow, key, now=datetime.now(UTC))
        if journey is None:
            raise CommandError(
                f"there is no journey of event {key!r} in flow {flow!r}", returncode=1
            )
        if spans:
            journey["span_list"] = reading.journey_spans(flow, key)
        self.stdout.write(json.dumps(journey, indent=2, ensure_ascii=False))
