"""Deadlines as a file: written for other installations, read from them, and compared first."""

from collections.abc import Mapping
from typing import Any

import yaml

from dashboards.deadline_text import with_deadline
from slatrack.tracking.documents import FlowError, Problem, documents
from slatrack.tracking.models import Flow
from slatrack.tracking.rule_versions import Held

NEEDED = 'write "deadlines:" and a list of entries, each with "deadline", as an export has them'


def exported(flow: Flow, held: list[Held]) -> str:
    """Return the deadlines of a flow as YAML, each with its version, who saved it, when and why."""
    lines = [f"flow: {_line(flow.name)}", "deadlines:"]
    for one in held:
        rule = one.rule
        begin = (
            f", for events from {rule.effective_from.isoformat()}" if rule.effective_from else ""
        )
        why = f": {' '.join(rule.why.split())}" if rule.why else ""
        by = rule.by.get_username() if rule.by else "a command"
        lines.append(f"  # version {rule.version}{begin}; {by}, {rule.at.isoformat()}{why}")
        text = yaml.safe_dump(dict(rule.document), sort_keys=False, allow_unicode=True, width=120)
        first, *rest = text.rstrip().split("\n")
        lines += [f"  - {first}", *(f"    {line}" for line in rest)]
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    dumped: str = yaml.safe_dump(text, width=10**6)
    return dumped.removesuffix("\n").removesuffix("\n...").strip()


def imported(flow: Flow, text: str) -> str:
    """Return the flow's document with the deadlines of `text` added or replaced; others stay.

    FlowError says what is wrong with the text; what its rules say is checked with the document.
    """
    document = flow.document
    for entry in _entries(flow, text):
        document = with_deadline(document, str(entry["deadline"]).strip(), entry)
    return document


def _entries(flow: Flow, text: str) -> list[Mapping[str, Any]]:
    found = [one.value for one in documents(text)]
    value = found[0] if len(found) == 1 else None
    if isinstance(value, Mapping) and value.get("flow") not in (None, flow.name):
        raise FlowError([Problem(1, "flow", f"is {value['flow']!r}: these are for another flow")])
    entries = value.get("deadlines") if isinstance(value, Mapping) else value
    if not isinstance(entries, list) or not entries:
        raise FlowError([Problem(1, "", NEEDED)])
    for number, entry in enumerate(entries):
        if not isinstance(entry, Mapping) or not str(entry.get("deadline") or "").strip():
            raise FlowError([Problem(1, f"deadlines[{number}]", NEEDED)])
    return entries
