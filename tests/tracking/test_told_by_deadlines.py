"""History is the same whether flips are rows from the start or told by deadlines while they can be.

An installation that was there before has rows; `into_rows` makes them of what deadlines tell.
"""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slatrack.tracking import flows, rule_versions, watcher
from slatrack.tracking.models import Deadline, Flip, Journey, RuleVersion, UnroutedFlip
from slatrack.tracking.recorder import record
from tests.recorded_flips import recorded
from tests.spans import NOON
from tests.tracking.test_oracle import ORDERS, worlds
from tests.trades import DOCUMENT, accepted, received, reported, trade

pytestmark = pytest.mark.django_db

TRADES = f"""\
{DOCUMENT}  - deadline: enrich equity within 10 minutes
    rule: {{kind: duration, from: "step:accepted", amount: PT10M}}
    until: enriched
    when: {{asset.class: [equity]}}
"""
WRITE = import_module("slatrack.tracking.migrations.0005_flips_told_by_deadlines").WRITE
RULES = [
    ("PT15M", "PT5M"),
    ("PT15M", "PT30M"),
    ("severity: critical", "when: {asset.class: [bond]}"),
]
LOOKS = st.tuples(st.just("look"), st.integers(1, 600))


@st.composite
def corrected(draw):
    """An event on time in some steps, and spans that say otherwise, or more: those come later."""
    kind = {"asset.class": draw(st.sampled_from(["equity", "bond"]))}
    found = draw(st.permutations(trade("K1", attributes=kind)))
    for number in range(draw(st.integers(1, 3))):
        make = draw(st.sampled_from([received, received, accepted, reported]))
        at, other = draw(st.sampled_from([-1000, -5, 3, 700])), draw(st.sampled_from("ab"))
        kind = {"asset.class": draw(st.sampled_from(["equity", "bond"]))}
        found.append(make("K1", name=f"more {number}", trace=other, parent="", at=at,
                          attributes=kind))  # fmt: skip
    return found


@st.composite
def courses(draw):
    """What happens one after the other: batches, in any order and again, looks, changed rules."""
    spans = draw(st.one_of(corrected(), worlds().flatmap(st.permutations)))
    order = [*spans, *spans[:2]]
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=4)))
    batches = [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    found = []
    for batch in batches:
        found += [("spans", batch), *draw(st.lists(LOOKS, max_size=2))]
    if draw(st.booleans()):
        found.insert(draw(st.integers(1, len(found))), ("rule", draw(st.sampled_from(RULES))))
    return [*found, ("look", 3600)]


def play(course, *, each):
    """Have a course happen, and `each` after each of it; return what was recorded, and undo it."""
    with transaction.atomic():
        flows.save(f"{TRADES}---\n{ORDERS}", now=NOON - timedelta(days=2))
        now, found, count = NOON + timedelta(seconds=30), [], 0
        for kind, what in course:
            now += timedelta(seconds=what if kind == "look" else 1)
            count += happens(kind, what, now=now)
            before, found = found, recorded()
            assert_nothing_is_lost(before, found, now=now)
            each()
        assert count <= len(found)  # the watcher, whose flips are not counted, has more of them
        transaction.set_rollback(True)
    return found


def happens(kind, what, *, now):
    """Return how many flips the recorder counted."""
    if kind == "spans":
        return record(what, now=now).flips
    if kind == "rule":
        document = TRADES.replace(*what)
        flows.save(document, effective_from=NOON - timedelta(days=1), now=now)
        newest = RuleVersion.objects.get(version=2)
        rule_versions.recompute(newest, by=None, now=now)
        Journey.objects.update(next_at=now)
    for _ in range(4):
        if not watcher.settle_due(now=now):
            return 0
    pytest.fail("the watcher finds no rest")


def assert_nothing_is_lost(before, found, *, now):
    """What was recorded stands as it was, once; what is new was recorded now."""
    assert len(set(found)) == len(found)
    assert set(before) <= set(found)
    assert {one[-1] for one in set(found) - set(before)} <= {now}


def into_rows():
    with connection.cursor() as cursor:
        cursor.execute(WRITE)
    Deadline.objects.update(decided_at=None, decided_step="")


def told_where_they_can_be():
    """No deadline tells a flip that is not its only one, and none of these is a row as well."""
    telling = Deadline.objects.filter(decided_at__isnull=False)
    for one in telling:
        assert (one.verdict, one.flip_count) == ("met", 1)
        assert one.reached_at is not None
        for model in (Flip, UnroutedFlip):
            assert not model.objects.filter(journey=one.journey_id, deadline=one.name).exists()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(courses())
def test_history_is_what_it_would_be_if_all_flips_were_rows(course):
    assert play(course, each=told_where_they_can_be) == play(course, each=into_rows)
