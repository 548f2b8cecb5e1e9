"""What a flow says of splits, amendments, duplicates and dead letters: read, or refused."""

import re
from pathlib import Path

import pytest

from slatrack.domain.families import Expected
from slatrack.domain.flows import AmendClock, Duplicates
from slatrack.tracking import documents, flows
from slatrack.tracking.models import Flow
from tests.bonds import after

DOCS = Path(__file__).parents[2] / "docs" / "flows.md"
WHOLE = """\
flow: orders
event_key: [order.id]
parent: {flow: baskets, key: {pattern: '^([^/]+)/'}}
children: {expected: {attribute: order.legs}, required: false}
amend: {version: order.version, clock: inherit}
duplicates: ignore
dead_letters: [graveyard]
steps:
  - {step: placed, role: ingress, match: {service: gateway}, times: {attribute: order.parts}}
  - {step: amended, role: amend, match: {service: desk}}
  - {step: sent, role: sink, match: {service: sink}, times: 3}
deadlines:
  - {deadline: d, rule: {kind: duration, from: ingress, amount: PT1M}, until: children}
"""


def problems(text):
    with pytest.raises(documents.FlowError) as raised:
        documents.flows(text)
    return [(p.line, p.path, p.reason) for p in raised.value.problems]


def test_a_whole_document_is_read():
    [(flow, _)] = documents.flows(WHOLE)
    assert flow.parent.key_of("B1/7", {}, longest=500) == "B1"
    assert (flow.children.expected, flow.children.required) == (
        Expected(1, "order.legs"),
        False,
    )
    assert (flow.amend.clock, flow.amend.version) == (AmendClock.INHERIT, "order.version")
    assert flow.duplicates is Duplicates.IGNORE
    assert [s.times for s in flow.steps] == [Expected(1, "order.parts"), Expected(), Expected(3)]
    assert [s.required for s in flow.steps] == [True, False, True]
    assert flow.dead_letters == {"dead letter"}
    assert {"order.legs", "order.parts", "order.version"} <= set(flow.kept)


@pytest.mark.django_db
def test_it_is_kept_as_it_was_written():
    flows.save(WHOLE, now=after(0))
    assert Flow.objects.get().document == WHOLE
    [change] = flows.save(WHOLE, now=after(1))
    assert change.action == "unchanged"


@pytest.mark.parametrize(
    ("old", "new", "line", "path", "reason"),
    [
        ("flow: baskets, ", "", 3, "parent.flow", "is missing"),
        ("{pattern: '^([^/]+)/'}", "3", 3, "parent.key", "where a child names its parent"),
        ("^([^/]+)/", "(", 3, "parent.key.pattern", "no RE2 pattern"),
        ("^([^/]+)/", "^a", 3, "parent.key.pattern", "exactly one group"),
        ("^([^/]+)/", "(a)(b)", 3, "parent.key.pattern", "exactly one group"),
        ("{attribute: order.legs}", "-1", 4, "children.expected", "whole number from 1"),
        ("{attribute: order.legs}", "{atribute: x}", 4, "children.expected.atribute", "unknown"),
        ("required: false", "required: maybe", 4, "children.required", "true or false"),
        (", clock: inherit", "", 5, "amend.clock", "choose restart or inherit"),
        ("clock: inherit", "clock: stop", 5, "amend.clock", "unknown clock 'stop'"),
        ("duplicates: ignore", "duplicates: drop", 6, "duplicates", "unknown duplicates 'drop'"),
        ("[graveyard]", "{a: b}", 7, "dead_letters", "a list of names"),
        ("times: 3", "times: 0", 11, "steps[2].times", "whole number from 1"),
        ("step: sent", "step: children", 11, "steps[2].step", "rename the step"),
        ("step: sent", "step: dead letter", 11, "steps[2].step", "role: dead_letter"),
        ("amend: {version: order.version, clock: inherit}\n", "", 9, "steps[1].role", "the clock"),
    ],
)
def test_what_is_wrong_names_line_field_and_reason(old, new, line, path, reason):
    assert old in WHOLE
    found = problems(WHOLE.replace(old, new, 1))
    assert any((line, path) == one[:2] and reason in one[2] for one in found), found


def test_an_amendment_must_be_told_somehow():
    text = WHOLE.replace("version: order.version, ", "").replace("role: amend, ", "")
    assert "how an amendment is told" in problems(text)[0][2]


def test_a_deadline_until_children_needs_children():
    text = re.sub(r"children: \{.*\n", "", WHOLE, count=1)
    assert "unknown step 'children'" in problems(text)[0][2]


def test_the_examples_of_the_documentation_are_right():
    blocks = re.findall(r"```yaml\n(flow: .*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    names = [flow.name for block in blocks for flow, _ in documents.flows(block)]
    assert names == ["trade-reporting", "orders", "legs"]
