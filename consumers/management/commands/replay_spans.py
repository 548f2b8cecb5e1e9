"""`manage.py replay_spans FILE…`: feed files of spans or log records in as if received now."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from consumers.files import parts
from consumers.replay import Replay
from slatrack.tracking import watcher

SHOWN = 20  # problems


class Command(BaseCommand):
    help = "Feed files in as if received: OTLP JSON lines or protobuf, plain, gzip or zstd"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="a file, or - for input")
        parser.add_argument("--json", action="store_true", help="print the counts as JSON")

    def handle(self, *, files: list[str], **options: Any) -> None:
        for name in files:
            if name != "-" and not Path(name).is_file():
                raise CommandError(f"{name}: there is no such file")
        with Replay(clock=timezone.now, owner="replay_spans") as replay:
            for name in files:
                replay.feed(name, parts(sys.stdin.buffer if name == "-" else Path(name)))
        while watcher.settle_due(now=timezone.now()) >= watcher.CHUNK:
            continue  # what the files were silent about, now that they are read to their end
        for problem in replay.problems[:SHOWN]:
            self.stderr.write(problem)
        if len(replay.problems) > SHOWN:
            self.stderr.write(f"… and {len(replay.problems) - SHOWN} more; all are set aside")
        counts = asdict(replay.counts)
        self.stdout.write(
            json.dumps(counts)
            if options["json"]
            else ", ".join(
                f"{name.replace('_', ' ')} {number:,}" for name, number in counts.items()
            )
        )
        if not replay.counts.spans and not replay.counts.log_records:
            raise CommandError("no span and no log record could be read", returncode=1)
