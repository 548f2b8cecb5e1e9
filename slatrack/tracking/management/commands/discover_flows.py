"""`manage.py discover_flows`: propose flows from the spans that belong to no event."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from msgspec import json

from slatrack.domain.discovery.writing import document
from slatrack.domain.durations import parse_duration
from slatrack.tracking import discovering
from slatrack.tracking.discovery_models import Work
from slatrack.tracking.unbound_sample import MOST_SPANS


class Command(BaseCommand):
    help = "Propose flows from the spans that belong to no event; prints flow documents"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--within", default="PT6H", help="how old spans may be, e.g. PT1H")
        parser.add_argument("--spans", type=int, default=MOST_SPANS, help="most to look at")
        parser.add_argument("--json", action="store_true", help="all that was found, as JSON")

    def handle(self, *, within: str, spans: int, **options: Any) -> None:
        row = discovering.look_now(clock=timezone.now, within=_length(within), most=spans)
        if row.state != Work.State.DONE:
            raise CommandError(f"nothing could be found: {row.problem}")
        found = discovering.findings(row)
        if options["json"]:
            self.stdout.write(json.encode(found).decode())
            return
        self.stderr.write(
            f"{len(found.proposals)} proposed from {row.spans:,} spans of {row.traces:,} traces"
            f" ({row.parked:,} parked)"
        )
        self.stdout.write("---\n".join(document(one) for one in found.proposals), ending="")


def _length(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as exc:
        raise CommandError(f"--within: {exc}") from exc
