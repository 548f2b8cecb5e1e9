import pytest

from slatrack.domain.rules import Clock, State, due, parse, start_names, supposed
from tests.domain.rules.examples import SHIPPED, ask, at, days, duration

NOON = "2026-06-15T12:00:00Z"
TRADED = {"kind": "duration", "from": "attr:traded", "amount": "PT15M"}


def adjust(**more):
    return {"calendar": "TARGET", "tz": "Europe/Berlin", "convention": "following", **more}


@pytest.mark.parametrize(
    ("amount", "warn", "warnings"),
    [
        ("PT15M", [{"before": "PT5M"}, {"fraction": 0.5}], ["12:10:00", "12:07:30"]),
        ("PT15M", [{"before": "PT1H"}], ["12:00:00"]),  # never before the start
        ("PT15M", [{"fraction": 0}, {"fraction": 1}], ["12:00:00", "12:15:00"]),
        ("PT0.000007S", [{"fraction": 0.5}], ["12:00:00.000004"]),
        ("-PT1H", [{"before": "PT10M"}], ["10:50:00"]),  # an hour before a departure
        ("-PT1H", [{"fraction": 0.5}], ["11:00:00"]),
        ("PT15M", [], []),
    ],
)
def test_warnings(amount, warn, warnings):
    found = ask(duration(amount, warn=warn), NOON)
    assert found.warnings == tuple(at(f"2026-06-15T{time}Z") for time in warnings)


def test_warnings_of_the_chosen_rule_come_with_those_around_it():
    inner = duration("PT10M", warn=[{"before": "PT1M"}])
    rule = {"kind": "earliest", "of": [inner, duration("PT20M")], "warn": [{"fraction": 0.5}]}
    assert ask(rule, NOON).warnings == (at("2026-06-15T12:09Z"), at("2026-06-15T12:05Z"))


@pytest.mark.parametrize(
    ("start", "options", "due_at"),
    [
        ("2026-04-03T10:00:30+02:00", {"time": "same"}, "2026-04-07T10:00:30+02:00"),
        ("2026-04-03T10:00+02:00", {"time": "24:00"}, "2026-04-08T00:00+02:00"),
        ("2026-04-03T10:00+02:00", {"time": "12:00", "convention": "preceding"},
         "2026-04-02T12:00+02:00"),
        ("2026-05-30T10:00+02:00", {"time": "same", "convention": "modified_following"},
         "2026-05-29T10:00+02:00"),
        ("2026-04-02T10:00+02:00", {"time": "12:00"}, "2026-04-02T10:00+02:00"),
    ],
)  # fmt: skip
def test_an_answer_on_a_closed_day_is_moved(start, options, due_at):
    found = ask(duration("PT0S", adjust=adjust(**options)), start)
    assert found.due_at == at(due_at)
    assert found.strict == (options["time"] == "24:00")


def test_midnight_belongs_to_the_day_that_it_ends():
    moved = adjust(time="same")
    friday = ask(days(0, "24:00", "Europe/Berlin", adjust=moved), "2026-06-12T10:00Z")
    saturday = ask(days(0, "24:00", "Europe/Berlin", adjust=moved), "2026-06-13T10:00Z")

    assert friday.due_at == at("2026-06-13T00:00+02:00")
    assert saturday.due_at == at("2026-06-16T00:00+02:00")
    assert friday.strict
    assert saturday.strict


def test_the_rule_around_says_what_odd_times_mean():
    inner = days(1, "02:30", "America/New_York")
    rule = {"kind": "latest", "of": [inner], "dst": {"gap": "shift"}}
    assert ask(rule, "2026-03-07T12:00Z").due_at == at("2026-03-08T07:30Z")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("2026-06-15T12:00:00", "attribute traded has no time zone: '2026-06-15T12:00:00'"),
        ("yesterday", "attribute traded is no RFC 3339 time: 'yesterday'"),
        ("0001-01-01T00:00:00+14:00", "attribute traded is no RFC 3339 time:"),
        (1750000000, "attribute traded is int, not an RFC 3339 time"),
        (True, "attribute traded is bool, not an RFC 3339 time"),
        (("a", "b"), "attribute traded is tuple, not an RFC 3339 time"),
    ],
)
def test_an_attribute_that_is_no_instant_is_missing(value, why):
    found = ask(TRADED, NOON, traded=value)
    assert found.state is State.MISSING
    assert found.reasons[0].startswith(why)

    instead = ask({**TRADED, "on_missing": "ingress"}, NOON, traded=value)
    assert instead.due_at == at("2026-06-15T12:15Z")
    assert instead.reasons[0].endswith(": counted from the ingress")


@pytest.mark.parametrize(
    "text", ["2026-06-15T10:00:00.123456789+02:00", "2026-06-15t08:00:00.123456z"]
)
def test_attributes_are_read_as_rfc_3339(text):
    assert ask(TRADED, NOON, traded=text).started_at == at("2026-06-15T08:00:00.123456Z")


def test_nothing_is_due_before_the_ingress_is_known():
    found = due(parse(duration("PT1M")), Clock(None), calendars=SHIPPED)
    assert found.state is State.MISSING
    assert found.reasons == ("the ingress is not known",)


def test_steps():
    rule = parse({**duration("PT1M"), "from": "step:accepted"})
    reached = Clock(None, steps={"accepted": at(NOON)})
    assert due(rule, reached, calendars=SHIPPED).due_at == at("2026-06-15T12:01Z")
    assert due(rule, Clock(at(NOON)), calendars=SHIPPED).reasons == (
        "step accepted is not reached",
    )


@pytest.mark.parametrize(
    ("start", "started"),
    [("2026-06-15T12:00:00Z", "13:00"), ("2026-06-15T12:00:01Z", "13:00"),
     ("2026-06-15T11:59:59.999999Z", "12:00")],
)  # fmt: skip
def test_the_hour_of_the_event_does_not_count(start, started):
    found = ask(duration("PT72H", start_round="next_full_hour"), start)
    assert found.started_at == at(f"2026-06-15T{started}Z")
    assert found.due_at == at(f"2026-06-18T{started}Z")


def test_what_a_rule_depends_on():
    when = {"attr": "type", "in": ["CMO"]}
    rest = {"rule": {**duration("PT1M"), "from": "step:accepted"}}
    branch = {"when": when, "rule": {**TRADED, "on_missing": "ingress"}}
    rule = parse({"kind": "switch", "branches": [branch, rest]})

    assert start_names(rule) == {"ingress", "attr:traded", "attr:type", "step:accepted"}
    clock = supposed(rule, at(NOON), {"type": "CMO"})
    assert due(rule, clock, calendars=SHIPPED).due_at == at("2026-06-15T12:15Z")
    unknown = supposed(rule, at(NOON), {"type": "CMO", "traded": None})
    assert "counted from the ingress" in due(rule, unknown, calendars=SHIPPED).reasons[0]
    assert "traded" not in supposed(rule, at(NOON), {}, complete=True).attributes
