import pytest

from slatrack.domain.rules import Clock, State, due, parse
from tests.domain.rules.examples import SHIPPED, ask, at, cutoff, days, duration

NOON = "2026-06-15T12:00:00Z"
CLASSIFIED = {"kind": "duration", "from": "attr:classified", "amount": "PT4H"}
AWARE = {"kind": "duration", "from": "attr:aware", "amount": "PT24H"}
BEYOND = cutoff(add={"n": 3000})
EQUITY = {"when": {"attr": "kind", "in": ["equity", 7]}, "rule": duration("PT1M")}
FLAG = {"when": {"attr": "late", "in": [True]}, "rule": duration("PT2M")}


def either(kind, *rules):
    return {"kind": kind, "of": list(rules)}


def test_earliest_leaves_out_what_has_no_start_yet():
    found = ask(either("earliest", CLASSIFIED, AWARE), NOON, aware="2026-06-15T08:00:00Z")
    assert found.due_at == at("2026-06-16T08:00Z")
    assert found.started_at == at("2026-06-15T08:00Z")


def test_latest_is_unknown_while_one_start_is_missing():
    found = ask(either("latest", CLASSIFIED, AWARE), NOON, aware="2026-06-15T08:00:00Z")
    assert found.state is State.MISSING
    assert found.reasons == ("attribute classified is not known",)


def test_earliest_of_nothing_known_is_missing():
    assert ask(either("earliest", CLASSIFIED, AWARE), NOON).state is State.MISSING


@pytest.mark.parametrize("kind", ["earliest", "latest"])
def test_a_branch_past_the_horizon_leaves_no_answer(kind):
    assert ask(either(kind, duration("PT1H"), BEYOND), NOON).state is State.CANNOT_CALCULATE


@pytest.mark.parametrize(("kind", "strict"), [("earliest", True), ("latest", False)])
def test_before_an_instant_is_earlier_than_at_it(kind, strict):
    by, before = days(1, "00:00", "UTC"), days(0, "24:00", "UTC")
    for order in ([by, before], [before, by]):
        assert ask(either(kind, *order), NOON).strict is strict


def test_a_branch_that_does_not_apply_is_left_out():
    switch = {"kind": "switch", "branches": [EQUITY]}
    for kind in ("earliest", "latest"):
        assert ask(either(kind, switch, duration("PT9M")), NOON).due_at == at("2026-06-15T12:09Z")
        assert ask(either(kind, switch), NOON).state is State.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("attributes", "minutes"),
    [({"kind": "equity"}, 1), ({"kind": 7}, 1), ({"kind": "7"}, None), ({"late": True}, 2),
     ({"late": 1}, None), ({}, None)],
)  # fmt: skip
def test_switch_takes_the_first_branch_that_fits(attributes, minutes):
    found = ask({"kind": "switch", "branches": [EQUITY, FLAG]}, NOON, **attributes)
    assert found.due_at == (minutes and at(f"2026-06-15T12:0{minutes}Z"))


def test_the_last_branch_may_take_the_rest():
    rest = {"rule": duration("PT3M")}
    found = ask({"kind": "switch", "branches": [EQUITY, rest]}, NOON, kind="bond")
    assert found.due_at == at("2026-06-15T12:03Z")


def versions(**more):
    dated = [("2026-03-30", "PT15M"), ("2026-06-15", "PT1M")]
    listed = [{"effective_from": since, "rule": duration(text, **more)} for since, text in dated]
    return {"kind": "versions", "tz": "America/New_York", "versions": listed}


@pytest.mark.parametrize(
    ("start", "due_at"),
    [
        ("2026-06-14T23:59-04:00", "2026-06-15T00:14-04:00"),  # 15 June in UTC already
        ("2026-06-15T00:00-04:00", "2026-06-15T00:01-04:00"),
        ("2026-03-29T23:59-04:00", None),
    ],
)
def test_the_version_in_force_on_the_day_of_the_start(start, due_at):
    found = ask(versions(), start)
    assert found.due_at == (due_at and at(due_at))
    assert (found.state is State.NOT_APPLICABLE) == (due_at is None)


def test_a_version_is_chosen_by_the_events_own_start():
    rule = parse(versions(**{"from": "attr:traded"}))
    clock = Clock(at(NOON), attributes={"traded": "2026-04-01T12:00:00Z"})
    assert due(rule, clock, calendars=SHIPPED).due_at == at("2026-04-01T12:15Z")
    assert due(rule, Clock(at(NOON)), calendars=SHIPPED).state is State.MISSING
