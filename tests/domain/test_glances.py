"""Glances: what they say of an event is what looking back at it the whole way says."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slatrack.domain.attempts import step_seen
from slatrack.domain.calendars import Calendars
from slatrack.domain.flows import DeadlineSpec, Role, Step
from slatrack.domain.glances import Glance
from slatrack.domain.hindsight import Evidence, Outcome, look_back
from slatrack.domain.instants import to_nanoseconds
from slatrack.domain.matches import Match
from slatrack.domain.outlines import Outline
from slatrack.domain.parts import Sighting
from slatrack.domain.rules import parse

FRIDAY = datetime(2026, 4, 3, 20, tzinfo=UTC)
WARNS = ([], [{"before": "PT5M"}], [{"fraction": 0.5}, {"before": "PT0S"}])
RULES = [
    *({"kind": "duration", "from": "ingress", "amount": amount, "warn": warn}
      for amount in ("PT15M", "PT0S", "-PT10M") for warn in WARNS),
    {"kind": "duration", "from": "ingress", "amount": "PT15M", "start_round": "next_full_hour"},
    {"kind": "duration", "from": "ingress", "amount": "PT15M", "warn": [{"before": "PT1M"}],
     "adjust": {"calendar": "TARGET", "tz": "Europe/Berlin", "convention": "following",
                "time": "12:00"}},
    {"kind": "duration", "from": "step:b", "amount": "PT15M"},
    {"kind": "duration", "from": "attr:x", "amount": "PT15M", "on_missing": "ingress"},
    {"kind": "cutoff", "from": "ingress", "base": {"tz": "UTC"},
     "add": {"unit": "calendar_day", "n": 0}, "at": {"time": "24:00", "tz": "UTC"},
     "warn": [{"fraction": 0.5}]},
    {"kind": "earliest", "of": [
        {"kind": "duration", "from": "ingress", "amount": "PT20M"},
        {"kind": "session", "from": "ingress", "calendar": "XNYS", "anchor": "open",
         "search": "after", "n": 1, "offset": "PT0S"}]},
    {"kind": "switch", "branches": [
        {"when": {"attr": "x", "in": ["y"]},
         "rule": {"kind": "duration", "from": "ingress", "amount": "PT5M"}},
        {"rule": {"kind": "duration", "from": "ingress", "amount": "PT9M"}}]},
]  # fmt: skip
CALENDARS = Calendars.shipped()
SECONDS = st.one_of(st.integers(-1_200, 20_000), st.sampled_from([0, 450, 600, 900, 14_400]))
AGES = st.one_of(st.just(0), st.sampled_from([1, 999, 1_000, 999_999, 1_000_000]))


@st.composite
def sightings(draw, start):
    seconds, odd = draw(SECONDS), draw(AGES)
    at = start + seconds * 1_000_000_000 + odd
    return Sighting(
        "s", at, at + draw(AGES), draw(st.binary(min_size=8, max_size=8)), draw(st.booleans()),
        "one", draw(st.sampled_from(["key", "key", "trace"])), 1, None, None, None,
    )  # fmt: skip


@st.composite
def outlines(draw):
    start = to_nanoseconds(FRIDAY) + draw(AGES)
    steps = {}
    for name in ("a", "b", "z"):
        if several := draw(st.lists(sightings(start), max_size=2)):
            steps[name] = step_seen(Step(name, Role.PROCESSING, Match()), several, {})
    return Outline(steps, steps.get("a"), start, draw(st.sampled_from([{}, {"x": "y"}, {"x": 1}])))


WHENS = ({}, {"x": ("y",)})
SPECS = [DeadlineSpec("d", parse(rule), "z", when) for rule in RULES for when in WHENS]


@given(st.data())
def test_a_glance_is_looking_back(data):
    now = FRIDAY + timedelta(seconds=data.draw(SECONDS))
    evidence = Evidence(now, now + timedelta(seconds=data.draw(SECONDS)), CALENDARS)
    grace = timedelta(seconds=data.draw(st.integers(0, 60)))
    events = data.draw(st.lists(outlines(), min_size=1, max_size=5))
    for spec in SPECS:
        glance = Glance(spec, evidence, grace)
        for seen in events:
            assert glance.look(seen) == look_back(seen, spec, evidence, grace)


def reached(seconds, *, until="z", bound_by="key", attributes=None):
    """An event that started at FRIDAY and reached `until` so many seconds later."""
    steps = {}
    for name, at in (("a", 0), (until, seconds)):
        ns = to_nanoseconds(FRIDAY) + int(at * 1_000_000_000)
        one = Sighting("s", ns, ns, b"8 bytes!", False, "one", bound_by, 1, None, None, None)
        steps[name] = step_seen(Step(name, Role.PROCESSING, Match()), [one], {})
    return Outline(steps, steps["a"], to_nanoseconds(FRIDAY), attributes or {})


EDGES = (-600, 0, 300, 450, 540, 840, 900, 1_200, 14_400)
EVENTS = [
    reached(edge + beside, bound_by=bound_by, attributes=attributes)
    for edge in EDGES
    for beside in (-0.000001, 0, 0.000001)
    for bound_by in ("key", "trace")
    for attributes in ({}, {"x": "y"})
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda one: type(one.rule).__name__)
@pytest.mark.parametrize("read_to", [0, 450, 899, 900, 7_200, 86_400])
def test_a_glance_is_looking_back_at_each_edge(spec, read_to):
    now = FRIDAY + timedelta(seconds=read_to)
    evidence = Evidence(now, now, CALENDARS)
    glance = Glance(spec, evidence, timedelta())
    for seen in EVENTS:
        assert glance.look(seen) == look_back(seen, spec, evidence, timedelta())


@pytest.mark.parametrize("start", [datetime.max.replace(tzinfo=UTC), FRIDAY])
def test_a_due_time_past_all_years_is_left_to_the_rule(start):
    spec = DeadlineSpec("d", parse(RULES[1]), "z")
    at = to_nanoseconds(start)
    one = Sighting("s", at, at, b"8 bytes!", False, "one", "key", 1, None, None, None)
    steps = {n: step_seen(Step(n, Role.PROCESSING, Match()), [one], {}) for n in ("a", "z")}
    evidence = Evidence(start, start, CALENDARS)
    seen = Outline(steps, steps["a"], at, {})
    found = Glance(spec, evidence, timedelta()).look(seen)
    assert found == look_back(seen, spec, evidence, timedelta())
    assert (found.outcome is Outcome.MET) == (start == FRIDAY)
