"""History is the same whether all is rows from the start or told by journeys while they can.

An installation that was there before has rows; `into_rows` makes them of what journeys tell.
"""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slatrack.tracking import deadline_rows, flip_rows, flows, rule_versions, watcher
from slatrack.tracking.implied_flips import implied
from slatrack.tracking.kept_deadlines import unpack
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


def kept():
    rows = Journey.objects.filter(kept__isnull=False)
    return [(row, one) for row in rows for one in unpack(row.kept_terms, row.kept)]


def into_rows():
    found = kept()
    flip_rows.save([implied(row.pk, one) for row, one in found], {})
    for row, one in found:
        deadline_rows.save({row.pk: ({}, [one._replace(decided_at=None, decided_step="")])})
    Journey.objects.update(kept_terms=None, kept=None)


def told_where_they_can_be():
    """What was kept tells its only flip, and neither is a row as well."""
    for row, one in kept():
        assert (one.verdict, one.flip_count) == ("met", 1)
        assert one.reached_at is not None
        for model in (Flip, UnroutedFlip):
            assert not model.objects.filter(journey=row, deadline=one.name).exists()
        assert not Deadline.objects.filter(journey=row, name=one.name).exists()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(courses())
def test_history_is_what_it_would_be_if_all_flips_were_rows(course):
    assert play(course, each=told_where_they_can_be) == play(course, each=into_rows)
