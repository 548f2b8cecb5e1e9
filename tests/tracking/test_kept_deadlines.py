"""Deadlines that were kept are told by their journeys: all of it, and nothing is lost by it."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from dashboards.cohorts import By, Question, cohorts
from dashboards.queries_first_run import checklist
from dashboards.queries_spread import limit_of
from slatrack.domain.states import Status, Verdict
from slatrack.tracking import flows, implied_flips, kept_deadlines, watcher
from slatrack.tracking.decisions import Decided, Judged, Told
from slatrack.tracking.implied_flips import implied
from slatrack.tracking.kept_deadlines import UnknownTermsError
from slatrack.tracking.models import Deadline, Flow, Journey, Terms
from slatrack.tracking.recorder import record
from tests.deadlines import deadline, values
from tests.spans import NOON
from tests.trades import DOCUMENT, trade

pytestmark = pytest.mark.django_db

NOW = NOON + timedelta(seconds=30)
NAME = "report within 15 minutes"

text = st.sampled_from(["", "report", "received", "weak evidence"])
instants = st.integers(-(10**15), 10**16).map(lambda us: NOON + timedelta(microseconds=us))
kept = st.builds(
    Decided, name=text, version=st.integers(1, 9), severity=text,
    started_at=st.none() | instants, due_at=instants, strict=st.booleans(),
    grace=st.timedeltas(timedelta(0), timedelta(days=9)),
    warnings=st.lists(instants, max_size=3).map(tuple), warned=st.just(0),
    verdict=st.just(Verdict.MET), reached_at=instants, reason=text,
    watermark=st.none() | instants, flip_count=st.just(1),
    almanac=st.none() | st.integers(0, 2**31),
    next_at=st.none(), decided_at=instants, decided_step=text,
)  # fmt: skip


@given(st.lists(kept, max_size=4))
def test_whatever_was_kept_is_told_as_it_was(some):
    packed, terms = kept_deadlines.pack(some)

    assert all(one.is_kept for one in some)
    if some:
        assert kept_deadlines.unpack_with(terms, packed.own) == some
    else:
        assert packed == (None, None)


@given(kept)
def test_what_cannot_be_told_by_its_journey_is_a_row_with_its_flip(one):
    """A deadline that has been warned of before is not, whatever its flips are counted to be."""
    journey_id = UUID(int=7)
    [flip, recorded_at] = implied(journey_id, one)
    warned = one._replace(warned=1, decided_at=None, decided_step="")
    judged = Judged(Status.DONE, (warned,), Told(), None, None, (flip,))

    written = implied_flips.write(journey_id, {}, judged, now=recorded_at)

    assert written == ((warned,), ((flip, recorded_at),))
    told = judged.deadlines[0]._replace(warned=0)
    kept_one = implied_flips.write(
        journey_id, {}, replace(judged, deadlines=(told,)), now=recorded_at
    )
    assert kept_one == ((one,), ())


@pytest.fixture
def _loaded():
    flows.save(DOCUMENT, now=NOON - timedelta(days=3))


@pytest.mark.usefixtures("_loaded")
def test_a_deadline_is_a_row_until_it_is_kept():
    record(trade("T1")[:3], now=NOW)
    assert Deadline.objects.get().verdict == "waiting"
    assert not Terms.objects.exists()

    record(trade("T1"), now=NOW)

    assert not Deadline.objects.exists()
    assert values("name", "version", "verdict") == [(NAME, 1, "met")]
    assert str(Terms.objects.get()) == f"{NAME} v1"


@pytest.mark.usefixtures("_loaded")
def test_events_of_one_rule_share_their_terms_and_a_version_has_its_own():
    record([*trade("T1"), *trade("T2")], now=NOW)
    assert Terms.objects.count() == 1

    flows.save(DOCUMENT.replace("PT15M", "PT10M"), effective_from=NOON, now=NOON)
    record(trade("T3"), now=NOW)

    assert Terms.objects.count() == 2
    assert dict(values("journey__key", "version")) == {"T1": 1, "T2": 1, "T3": 2}


@pytest.mark.usefixtures("_loaded")
def test_terms_of_a_transaction_that_failed_are_recorded_by_the_next():
    with transaction.atomic():
        record(trade("T1"), now=NOW)
        transaction.set_rollback(True)
    assert not Terms.objects.exists()

    record(trade("T1"), now=NOW)

    assert deadline(key="T1").verdict == "met"


@pytest.mark.usefixtures("_loaded")
def test_terms_that_are_lost_are_named_and_do_not_stop_the_watcher(caplog):
    record(trade("T1"), now=NOW)
    [lost] = Terms.objects.values_list("id", flat=True)
    Terms.objects.all().delete()
    kept_deadlines.forget()
    with pytest.raises(UnknownTermsError, match=str(lost)):
        deadline()
    Journey.objects.update(next_at=NOW, silent_at=NOW)

    watcher.settle_due(now=NOW + timedelta(seconds=1))

    assert Journey.objects.get().next_at > NOW
    assert str(lost) in caplog.text


def test_comparisons_and_charts_know_what_was_kept():
    flows.save(DOCUMENT, now=NOON - timedelta(days=3))
    assert told_first() == "There is a rule; no event has it yet."
    record([*trade("T1"), *trade("T2")[:2]], now=NOW)
    watcher.settle_due(now=NOON + timedelta(minutes=20))
    flow = Flow.objects.get()

    late, on_time = cohorts(flow, Question(By.LATE, deadline=NAME))
    assert [one.key for one in late.rows] == ["T2"]
    assert [one.key for one in on_time.rows] == ["T1"]
    first, others = cohorts(flow, Question(By.VERSION, deadline=NAME, a="1"))
    assert sorted(one.key for one in first.rows) == ["T1", "T2"]
    assert not others.rows.exists()
    assert not cohorts(flow, Question(By.VERSION, deadline=NAME, a="2", b="3"))[0].rows.exists()
    Journey.objects.filter(key="T2").delete()
    assert kept_deadlines.naming("another") == []
    assert not Deadline.objects.exists()
    assert limit_of(flow, NOON - timedelta(hours=1)) == (NAME, 900.0)
    assert told_first() == "Deadlines are being judged."


def told_first():
    return next(one.seen for one in checklist() if one.name == "deadline")
