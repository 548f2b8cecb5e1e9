"""`manage.py match_parked`: record parked spans again, because flows have changed since."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from slatrack.domain.durations import parse_duration
from slatrack.tracking import rematching
from slatrack.tracking.discovery_models import Work


class Command(BaseCommand):
    help = "Match parked spans again with the flows in force now; those that fit join their events"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--within", help="how old spans may be, e.g. PT2H; else all parked")

    def handle(self, *, within: str | None, **options: Any) -> None:
        row = rematching.match_now(clock=timezone.now, within=_length(within))
        if row.state != Work.State.DONE:
            raise CommandError(f"stopped after {row.done:,} of {row.total:,}: {row.problem}")
        self.stdout.write(f"{row.joined:,} of {row.total:,} parked traces belong to events now")


def _length(text: str | None) -> timedelta | None:
    try:
        return None if text is None else parse_duration(text)
    except ValueError as exc:
        raise CommandError(f"--within: {exc}") from exc
