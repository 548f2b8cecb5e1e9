"""Templates as their page shows them: what each demands in a sentence, and its next deadlines."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import yaml

from dashboards import sentences
from dashboards.forms.deadline import initial
from slatrack.domain.calendars import Calendars
from slatrack.domain.flows import Flow
from slatrack.domain.rule_templates import Template, find
from slatrack.domain.rules import Due, due, supposed

DAYS = 5


@dataclass(frozen=True, slots=True)
class Shown:
    """A template with its sentence and what it would give for events of the next days."""

    template: Template
    sentence: str
    document: str  # YAML
    tried: tuple[tuple[datetime, Due], ...]


def shown(template: Template, calendars: Calendars, *, now: datetime) -> Shown:
    """Return a template with the deadlines of events that start now and on the days after."""
    rule = template.parsed
    starts = [now.replace(microsecond=0) + timedelta(days=day) for day in range(DAYS)]
    tried = [(at, due(rule, supposed(rule, at, {}), calendars=calendars)) for at in starts]
    return Shown(template, sentence(template), _text(template), tuple(tried))


def sentence(template: Template) -> str:
    """Return what a template demands."""
    said = f"{sentences.demand(template.rule)}.{sentences.warnings(template.rule)}"
    return said[:1].upper() + said[1:]


def _text(template: Template) -> str:
    text: str = yaml.safe_dump(dict(template.rule), sort_keys=False, allow_unicode=True)
    return text


def begun(flow: Flow, name: str) -> tuple[Template | None, Mapping[str, Any] | None]:
    """Return the template called `name`, and the deadline of `flow` that begins with it."""
    template = find(name)
    if template is None:
        return None, None
    return template, template.entry(flow.ends[-1] if flow.ends else flow.steps[-1].name)


def fields(template: Template, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the editor for a deadline that begins with a template."""
    return {**initial(entry), "why": template.why}
