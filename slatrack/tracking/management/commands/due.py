"""`manage.py due RULE.json --start T`: when something would be due, without a flow or a journey.

The start stands for the ingress, for every step, and for every attribute the rule counts from that
is not given. An attribute given as null stays unknown.
"""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from slatrack.domain.calendars import Calendars
from slatrack.domain.instants import rfc3339
from slatrack.domain.rule_templates import find, shelf
from slatrack.domain.rules import Due, due, parse, supposed
from slatrack.tracking.closures import calendars as closed_here

Answer = dict[str, object]


class Command(BaseCommand):
    help = "Print when something is due by a rule, and when to warn, as JSON"
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("rule", nargs="?", metavar="RULE.json", help="a rule document")
        parser.add_argument("--template", help="a rule template's name, in place of RULE.json")
        parser.add_argument("--start", help="RFC 3339 with a zone, as 2026-06-15T14:30:00Z")
        parser.add_argument("--attributes", default="{}", help="a JSON object")
        parser.add_argument(
            "--closures",
            action="store_true",
            help="with the days that operators closed here; otherwise the calendars as shipped",
        )
        parser.add_argument(
            "--batch",
            action="store_true",
            help="read [{id, rule, start_utc, attributes?, attributes_utc?}] on standard input",
        )

    def handle(self, *, batch: bool, closures: bool, **options: Any) -> None:
        known = closed_here() if closures else Calendars.shipped()
        answer = answer_batch(sys.stdin.read(), known) if batch else answer_one(known, **options)
        self.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False))


def answer_one(
    known: Calendars,
    *,
    rule: str | None,
    template: str | None,
    start: str | None,
    attributes: str,
    **options: Any,
) -> Answer:
    """Return the answer for one rule; CommandError says what is wrong with which part."""
    if (rule is None) == (template is None) or start is None:
        raise CommandError(
            "give RULE.json or --template NAME, and --start; or --batch", returncode=1
        )
    document = _template(template) if template else _file(str(rule))
    given = read_json(attributes, "--attributes")
    try:
        return answer(document, start, given, "--start", known, complete=False)
    except ValueError as why:
        raise CommandError(f"{why}", returncode=1) from why


def _template(name: str) -> object:
    if found := find(name):
        return found.rule
    known = ", ".join(one.name for one in shelf())
    raise CommandError(f"--template: there is no {name!r}: use one of {known}", returncode=1)


def _file(rule: str) -> object:
    try:
        text = Path(rule).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as why:
        raise CommandError(f"{rule}: cannot be read: {why}", returncode=1) from why
    return read_json(text, rule)


def answer_batch(text: str, known: Calendars) -> list[Answer]:
    """Return one answer for each entry; a faulty entry gets no due_at, and its fault as reason."""
    entries = read_json(text, "standard input")
    if not isinstance(entries, list):
        raise CommandError("standard input: must be a JSON list of entries", returncode=1)
    return [_entry(entry, known) for entry in entries]


def _entry(entry: object, known: Calendars) -> Answer:
    if not isinstance(entry, Mapping):
        return {"id": None, **nothing("an entry must be an object with id, rule and start_utc")}
    try:
        given = _object(entry.get("attributes"), "attributes")
        instants = _object(entry.get("attributes_utc"), "attributes_utc")
        # Where instants are listed, an instant that is not listed has not come yet.
        complete = "attributes_utc" in entry
        start = entry.get("start_utc")
        found = answer(
            entry.get("rule"), start, {**given, **instants}, "start_utc", known, complete=complete
        )
    except ValueError as why:
        found = nothing(str(why))
    return {"id": entry.get("id"), **found}


def answer(
    document: object,
    start: object,
    attributes: object,
    name: str,
    known: Calendars,
    *,
    complete: bool,
) -> Answer:
    """Return one answer; ValueError names the field that is wrong, and why."""
    rule = parse(document)
    at = read_instant(start, name)
    clock = supposed(rule, at, _object(attributes, "attributes"), complete=complete)
    return _written(due(rule, clock, calendars=known))


def _written(found: Due) -> Answer:
    if found.due_at is None:
        return nothing(found.reasons[0])
    return {
        "due_at": rfc3339(found.due_at),
        "warnings": [rfc3339(at) for at in found.warnings],
        "reason": "; ".join(found.reasons) or None,
    }


def nothing(reason: str) -> Answer:
    """Return the answer where there is no deadline."""
    return {"due_at": None, "warnings": [], "reason": reason}


def read_instant(text: object, name: str) -> datetime:
    """Return an RFC 3339 instant in UTC; ValueError where it is none or has no zone."""
    example = "write it as 2026-06-15T14:30:00Z"
    if not isinstance(text, str):
        raise ValueError(f"{name}: must be an RFC 3339 time: {example}")  # noqa: TRY004 - as below
    try:
        at = datetime.fromisoformat(text.upper())
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{name}: {text[:40]!r} is no RFC 3339 time: {example}") from None
    raise ValueError(f"{name}: {text[:40]!r} has no time zone: {example}")


def read_json(text: str, where: str) -> Any:
    """Return parsed JSON; CommandError names the place and the line."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as why:
        raise CommandError(f"{where}: is not JSON: {why}", returncode=1) from why


def _object(found: object, name: str) -> Mapping[str, object]:
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise ValueError(f"{name}: must be an object")  # noqa: TRY004 - one kind for a bad document
    return found
