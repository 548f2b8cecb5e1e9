"""Several deadlines of one event: budgets of steps, conditions, and which proof stops the clock."""

import pytest

from slatrack.tracking import flows
from tests.bonds import after, sent, settle, store
from tests.deadlines import deadline, values

pytestmark = pytest.mark.django_db

DOCUMENT = """\
flow: trades
event_key: [trade.id]
steps:
  - {step: received, role: ingress, match: {service: gateway}}
  - {step: enriched, match: {service: enricher}, after: [received]}
  - {step: written, match: {service: sink, kind: client}, after: [enriched]}
  - step: accepted
    role: sink
    match: {service: sink, kind: consumer, attributes: {ack.status: ACCEPTED}}
    after: [written]
  - {step: acknowledged, match: {service: sink, kind: consumer}, after: [written], optional: true}
deadlines:
  - {deadline: written, rule: {kind: duration, from: ingress, amount: PT10S}, until: written}
  - {deadline: answered, rule: {kind: duration, from: ingress, amount: PT20S}, until: acknowledged}
  - {deadline: accepted, rule: {kind: duration, from: ingress, amount: PT30S}, until: accepted}
  - deadline: enriching takes no longer than 2 s
    rule: {kind: duration, from: "step:enriched", amount: PT2S}
    until: enriched
  - deadline: from enriched to written in 3 s
    rule: {kind: duration, from: "step:enriched", amount: PT3S}
    until: written
  - deadline: equities faster
    rule: {kind: duration, from: ingress, amount: PT6S}
    until: written
    when: {asset.class: [equity]}
"""


@pytest.fixture(autouse=True)
def in_force():
    flows.save(DOCUMENT, now=after(-86400))


def span(name, service, kind="server", **fields):
    return sent(name, service, kind, trace="T", trade__id="T", **fields)


def way(enriching=1.0, written=4.0, **attributes):
    return [
        span("in", "gateway", **attributes),
        span("enrich", "enricher", "consumer", at=2, took=enriching),
        span("write", "sink", "client", at=written),
    ]


def answer(name, status, at):
    return span(name, "sink", "consumer", at=at, ack__status=status)


def verdicts():
    return dict(values("name", "verdict"))


def test_each_deadline_waits_for_its_own_proof():
    store([*way(), answer("refused", "REJECTED", 7), answer("taken", "ACCEPTED", 12)])

    assert verdicts() == {
        "written": "met",
        "answered": "met",
        "accepted": "met",
        "enriching takes no longer than 2 s": "met",
        "from enriched to written in 3 s": "met",
    }
    reached = dict(values("name", "reached_at"))
    assert reached["written"] == after(5)
    assert reached["answered"] == after(8)
    assert reached["accepted"] == after(13)


def test_a_refusal_is_an_answer_and_no_acceptance():
    store([*way(), answer("refused", "REJECTED", 7)])
    settle(60)

    assert verdicts()["answered"] == "met"
    assert verdicts()["accepted"] == "missed"


def test_budgets_are_of_their_step_alone():
    store(way(enriching=2.5, written=6.0))

    assert verdicts()["enriching takes no longer than 2 s"] == "missed"
    assert verdicts()["from enriched to written in 3 s"] == "missed"
    assert verdicts()["written"] == "met"


def test_a_condition_on_an_attribute_chooses_the_events():
    store(way(asset__class="equity"))
    assert verdicts()["equities faster"] == "met"


def test_the_clock_of_a_budget_starts_with_its_step():
    store([span("in", "gateway")])
    found = deadline(name="from enriched to written in 3 s")
    assert (found.due_at, found.verdict) == (None, "waiting")
    settle(60)
    assert verdicts()["from enriched to written in 3 s"] == "waiting"
    assert verdicts()["written"] == "missed"
