"""Trying the rule in force over history gives the verdicts on record, whatever was recorded how."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slatrack.domain.deadlines import run
from slatrack.domain.journeys import fold
from slatrack.domain.outlines import Outline, Outliner
from slatrack.tracking import backtesting, flows
from slatrack.tracking.models import Backtest, Flow, Journey
from slatrack.tracking.packing import unpack_parts
from tests.deadlines import deadlines
from tests.spans import NOON
from tests.tracking.test_oracle import END, ORDERS, forget, play, worlds
from tests.trades import DOCUMENT

pytestmark = pytest.mark.django_db

DEADLINES = {
    "trade-reporting": "report within 15 minutes",
    "orders": "equity within 10 minutes",
}


@pytest.fixture(autouse=True)
def two_flows():
    flows.save(f"{DOCUMENT}---\n{ORDERS}", now=NOON - timedelta(days=2))


def tried(flow, document=None):
    """Return the tally of trying a deadline, by default the one in force, over all history."""
    row = Flow.objects.get(name=flow)
    document = document or row.rules.get(name=DEADLINES[flow]).document
    asked = backtesting.Question(row, document, NOON - timedelta(days=1), END, DEADLINES[flow])
    test = backtesting.ask(asked, by=None, now=END)
    assert not backtesting.carry_on(test.pk, clock=lambda: END)
    test.refresh_from_db()
    assert (test.state, test.problem) == ("finished", "")
    return backtesting.tally(test)


def on_record(flow):
    judged = [one for one in deadlines(flow__name=flow) if one.due_at is not None]
    found = {one.journey.key: one.verdict for one in judged}
    events = Journey.objects.filter(flow__name=flow).exclude(status="cancelled")
    return {one.key: found.get(one.key, "not judged") for one in events}


def as_counted(tally):
    open_ones = tally.count(tried="not_applicable") + tally.count(tried="waiting")
    return {
        "met": tally.count(tried="met"),
        "missed": tally.count(tried="missed"),
        "unknown": tally.count(tried="unknown"),
        "not judged": open_ones,
    }


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_the_rule_in_force_comes_out_as_the_verdicts_on_record(data):
    forget()
    Backtest.objects.all().delete()
    play(data.draw(worlds()), data)

    for flow in DEADLINES:
        tally, recorded = tried(flow), list(on_record(flow).values())
        counted = {one: recorded.count(one) for one in as_counted(tally)}
        assert as_counted(tally) == counted
        assert tally.newly_missed == tally.no_longer_missed == 0
        missed = {key for key, verdict in on_record(flow).items() if verdict == "missed"}
        assert {one.key for one in tally.named("worst")} == missed


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_an_outline_answers_as_the_journey_does(data):
    forget()
    play(data.draw(worlds()), data)
    now = flows.current()

    for flow in now.flows.values():
        outliner = Outliner.of(flow, flow.deadlines)
        for row in Journey.objects.filter(flow__name=flow.name):
            parts = unpack_parts(row.parts)
            whole, seen = fold(flow, row.key, parts), outliner.outline(row.key, parts)
            assert isinstance(seen, Outline | None)
            assert (whole is None) == (seen is None)
            if whole and seen:
                assert seen.started == whole.started
                for spec in flow.deadlines:
                    assert run(seen, spec, now.calendars) == run(whole, spec, now.calendars)
