"""A rule that changes: each event by its own version; open ones on request; verdicts stand."""

from datetime import timedelta

import pytest

from slatrack.tracking import flows, reading, rule_versions
from slatrack.tracking.flow_saving import EffectiveRefusedError
from slatrack.tracking.models import RuleVersion
from slatrack.tracking.rule_versions import State, held
from tests.bonds import after, sent, settle, store
from tests.deadlines import deadline
from tests.recorded_flips import recorded

pytestmark = pytest.mark.django_db

NAME = "report quickly"
DOCUMENT = """\
flow: trades
event_key: [trade.id]
steps:
  - {step: received, role: ingress, match: {service: gateway}}
  - {step: reported, role: sink, match: {service: sink}, after: [received]}
deadlines:
  - deadline: report quickly
    rule: {kind: duration, from: ingress, amount: PT30M}
    until: reported
"""
SHORTER = DOCUMENT.replace("PT30M", "PT5M")


@pytest.fixture(autouse=True)
def in_force():
    flows.save(DOCUMENT, now=after(-86400))


def received(key, at=0.0):
    return sent(f"{key} in", "gateway", trace=key, at=at, trade__id=key)


def reported(key, at):
    return sent(f"{key} out", "sink", "client", trace=key, parent=f"{key} in", at=at, trade__id=key)


def shorten(*, since, at):
    flows.save(SHORTER, why="new law", effective_from=after(since), now=after(at))
    return RuleVersion.objects.get(version=2)


def row(key):
    return deadline(key=key)


def judged(key):
    one = row(key)
    return one.version, (one.due_at - one.started_at) // timedelta(minutes=1), one.verdict


def test_a_date_in_the_middle_of_a_day_each_event_by_its_own_version():
    shorten(since=0, at=-3600)
    store([received("before", -0.001), received("at"), received("after", 1)])
    store([reported("before", 900), reported("at", 900), reported("after", 200)], at=1000)

    assert [judged(key) for key in ("before", "at", "after")] == [
        (1, 30, "met"),
        (2, 5, "missed"),
        (2, 5, "met"),
    ]
    [shown] = reading.journey("trades", "after", now=after(1000))["deadlines"]
    assert (shown["version"], shown["effective_from"]) == (2, "2026-11-20T12:00:00.000Z")


def test_spans_in_another_order_make_no_difference():
    shorten(since=0, at=-3600)
    store([reported("T", 900)])
    store([received("T", -0.001)], at=1000)
    assert judged("T") == (1, 30, "met")


def test_a_version_saved_later_takes_over_nothing_by_itself():
    store([received("open"), received("new")])
    store([reported("new", 600)], at=700)
    shorten(since=-60, at=800)

    store([sent("more", "gateway", trace="open", at=900, trade__id="open")], at=901)

    assert judged("open") == (1, 30, "waiting")
    assert judged("new") == (1, 30, "met")


def test_open_events_are_judged_anew_on_request_and_verdicts_stand():
    store([received("early", -120), received("open"), received("done")])
    store([reported("done", 600)], at=700)
    rule = shorten(since=-60, at=800)

    assert [one.key for one in rule_versions.open_before(rule)] == ["open"]
    assert rule_versions.recompute(rule, by=None, now=after(810)) == 1
    settle(811)

    assert judged("open") == (2, 5, "missed")
    assert judged("done") == (1, 30, "met")
    assert judged("early") == (1, 30, "waiting")
    told = recorded("version", "before", "after", journey__key="open")
    assert told == [(2, "waiting", "missed")]
    assert rule_versions.recompute(rule, by=None, now=after(820)) == 0  # twice is once


def test_a_verdict_stands_after_the_request_too_whatever_comes_late():
    store([received("done")])
    store([reported("done", 600)], at=700)
    rule = shorten(since=-60, at=800)
    rule_versions.recompute(rule, by=None, now=after(810))

    store([sent("more", "gateway", trace="done", at=5, trade__id="done")], at=900)

    assert judged("done") == (1, 30, "met")


def test_an_event_that_nobody_had_seen_is_judged_by_what_holds_for_its_start():
    shorten(since=-60, at=800)
    store([received("late", 10)], at=900)
    assert judged("late")[:2] == (2, 5)


def test_if_the_start_turns_out_earlier_the_start_decides():
    shorten(since=0, at=-3600)
    store([received("T", 1)])
    assert judged("T")[0] == 2
    store([sent("T before", "gateway", trace="T", at=-5, trade__id="T")], at=70)
    assert judged("T")[0] == 1


def test_events_of_a_version_that_was_replaced_keep_the_attributes_that_it_reads():
    by_attribute = DOCUMENT.replace("from: ingress", 'from: "attr:traded"')
    flows.save(by_attribute, now=after(-7200))
    shorten_later = SHORTER.replace("PT5M", "PT6M")
    flows.save(shorten_later, effective_from=after(3600), now=after(-3600))

    store([sent("T in", "gateway", trace="T", trade__id="T", traded="2026-11-20T11:50:00Z")])

    assert row("T").version == 2
    assert row("T").due_at == after(-600 + 1800)


def test_how_long_each_version_holds_and_how_it_stands():
    shorten(since=3600, at=10)
    flows.save(SHORTER.replace("PT5M", "PT7M"), effective_from=after(1800), now=after(20))
    rows = list(RuleVersion.objects.all())

    found = {
        one.rule.version: (one.begins, one.ends, one.state) for one in held(rows, now=after(30))
    }

    assert found == {
        1: (None, after(1800), State.IN_FORCE),
        2: (after(3600), after(1800), State.REPLACED),
        3: (after(1800), None, State.SCHEDULED),
    }
    assert held(rows, now=after(1800))[0].state is State.IN_FORCE
    assert held(rows, now=after(1800))[2].state is State.ENDED
    flows.save(DOCUMENT[: DOCUMENT.index("deadlines:")], now=after(4000))
    newest = held(list(RuleVersion.objects.all()), now=after(4000))[0]
    assert (newest.ends, newest.state) == (after(4000), State.RETIRED)


def test_a_new_deadline_cannot_hold_for_the_past():
    another = DOCUMENT + DOCUMENT.partition("deadlines:\n")[2].replace(NAME, "second")
    with pytest.raises(EffectiveRefusedError, match="holds from now or from later"):
        flows.save(another, effective_from=after(-60), now=after(0))
    assert RuleVersion.objects.count() == 1
    flows.save(another, effective_from=after(60), now=after(0))
    assert RuleVersion.objects.get(name="second").effective_from == after(60)
