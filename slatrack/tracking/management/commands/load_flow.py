"""`manage.py load_flow FILE…`: add or change flows from documents."""

import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from slatrack.tracking import flows
from slatrack.tracking.documents import FlowError


class Command(BaseCommand):
    help = "Add or change flows from documents (YAML; - reads standard input); all files or none"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--why", default="", help="the reason, kept with the new version")
        parser.add_argument(
            "--effective-from",
            metavar="T",
            help="changed deadlines hold for events that start from then on (RFC 3339 with a zone)",
        )
        parser.add_argument("--check", action="store_true", help="only say what is wrong")

    def handle(
        self,
        *,
        files: list[str],
        why: str,
        check: bool,
        effective_from: str | None,
        **options: Any,
    ) -> None:
        begin = _instant(effective_from) if effective_from else None
        texts = {name: _text(name) for name in files}
        self._refuse_repeats(texts)
        if check:
            self.stdout.write("nothing is wrong")
            return
        now = datetime.now(UTC)
        with transaction.atomic():
            for name, text in texts.items():
                for change in _saved(name, text, why, begin, now):
                    details = "".join(f"\n  {detail}" for detail in change.details)
                    self.stdout.write(
                        f"{change.flow}: {change.action}, version {change.version}{details}"
                    )

    def _refuse_repeats(self, texts: dict[str, str]) -> None:
        seen: dict[str, str] = {}
        problems = []
        for name, text in texts.items():
            try:
                found = flows.check(text)
            except FlowError as exc:
                problems += [f"{name}, {problem}" for problem in exc.problems]
                continue
            for flow in found:
                if flow.name in seen:
                    problems.append(f"{name}: flow {flow.name!r} is in {seen[flow.name]} too")
                seen[flow.name] = name
        if problems:
            raise CommandError("nothing was changed:\n" + "\n".join(problems))


def _saved(
    name: str, text: str, why: str, begin: datetime | None, now: datetime
) -> list[flows.Change]:
    try:
        return flows.save(text, why=why, effective_from=begin, now=now)
    except flows.EffectiveRefusedError as exc:
        raise CommandError(f"nothing was changed:\n{name}: --effective-from: {exc}") from exc


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise CommandError(
            f"--effective-from: {text!r} is no RFC 3339 time with a zone: "
            "write it as 2026-06-15T14:30:00Z"
        )
    return at.astimezone(UTC)


def _text(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise CommandError(f"{name} cannot be read: {exc}") from exc
