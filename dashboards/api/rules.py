"""Trying a rule: when would it be due?"""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from dashboards.api.access import needs
from dashboards.api.problems import Refused
from dashboards.due_preview import preview
from dashboards.template_shelf import sentence
from slatrack.domain.instants import rfc3339
from slatrack.domain.rule_templates import Template, search
from slatrack.domain.rules import RuleError, parse

router = Router(tags=["rules"])


class Question(Schema):
    """A rule, the instant its clock starts, and the event's attributes."""

    rule: dict[str, Any]
    start: datetime
    attributes: dict[str, str | int | float | bool] = {}


@router.get("/templates", summary="Rules to begin a deadline with")
@needs("tracking.view_ruleversion")
def templates(request: HttpRequest, q: str = "") -> dict[str, Any]:
    """Return the rule templates that hold all words of `q`, with sources. Not legal advice."""
    return {"items": [_template(one) for one in search(q)]}


def _template(one: Template) -> dict[str, Any]:
    source = one.source
    return {
        "template": one.name,
        "title": one.title,
        "about": one.about,
        "sentence": sentence(one),
        "severity": one.severity,
        "rule": one.rule,
        "reads": one.reads,
        "leaves_out": one.leaves_out,
        "source": {
            "authority": source.authority,
            "act": source.act,
            "text": source.text,
            "checked": source.checked.isoformat(),
            "against": source.against,
        },
    }


@router.post("/due", summary="When would this be due?")
@needs("tracking.view_flow")
def due(request: HttpRequest, question: Question) -> dict[str, Any]:
    """Return when `rule` would be due for an event that starts at `start`, and why.

    `due_at` is null where there is no deadline; the first of `reasons` then says why.
    """
    if question.start.tzinfo is None:
        raise Refused(422, f"start: say the time zone, e.g. {question.start.isoformat()}Z")
    try:
        rule = parse(question.rule, path=("rule",))
    except RuleError as error:
        problem = {"path": [str(part) for part in error.path], "reason": error.reason}
        raise Refused(422, str(error), [problem]) from error
    found = preview(rule, question.start, question.attributes)
    return {
        "due_at": rfc3339(found.due_at),
        "started_at": rfc3339(found.started_at),
        "strict": found.strict,
        "warnings": [rfc3339(at) for at in found.warnings],
        "reasons": list(found.reasons),
    }
