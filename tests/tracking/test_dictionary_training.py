"""Training: once there is enough, again when that pays, by one of many, bounded, and committed."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction

from slatrack.tracking import (
    dictionary_samples,
    dictionary_training,
    flows,
    tasks,
)
from slatrack.tracking.dictionary_models import Dictionary, Kind
from slatrack.tracking.dictionary_training import tend
from slatrack.tracking.models import Journey, SpanBlock, Trace
from slatrack.tracking.recorder import record
from tests.tracking.dictionary_world import DAY, NOW, others, recorded, small, spans
from tests.tracking.test_concurrency import in_threads
from tests.trades import DOCUMENT, trade

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def few_samples(monkeypatch):
    small(monkeypatch)


def numbers():
    return sorted(Dictionary.objects.values_list("kind", "number"))


FIRST = sorted((kind.value, 1) for kind in Kind)


@pytest.mark.django_db
def test_nothing_is_trained_from_too_few_rows(monkeypatch):
    recorded()
    monkeypatch.setattr(dictionary_training, "ENOUGH", 101)
    assert tend(now=NOW) == []
    monkeypatch.setattr(dictionary_training, "ENOUGH", 100)
    assert len(tend(now=NOW)) == 3


@pytest.mark.django_db
def test_training_again_changes_nothing():
    recorded()
    made = tend(now=NOW)

    assert tend(now=NOW) == []
    assert tend(now=NOW + HOUR) == []

    assert numbers() == FIRST
    assert [bytes(one.data) for one in Dictionary.objects.order_by("id")] == [
        one.data for one in sorted(made, key=lambda one: one.id)
    ]


@pytest.mark.django_db
def test_the_same_rows_make_the_same_dictionary():
    recorded()
    ids = {one.id for one in tend(now=NOW)}
    Dictionary.objects.all().delete()

    assert {one.id for one in tend(now=NOW + DAY)} == ids


@pytest.mark.django_db
def test_what_stands_its_trials_is_tried_less_and_less_often_but_once_a_day():
    recorded()
    tend(now=NOW)
    tried = []
    for hours in range(24 * 7):
        tend(now=NOW + hours * HOUR)
        at = Dictionary.objects.get(kind=Kind.STATE).tried_at
        if at not in tried:
            tried.append(at)

    hours = [(at - NOW) // HOUR for at in tried]
    assert hours == [0, 1, 2, 4, 8, 16, 32, 56, 80, 104, 128, 152]


@pytest.mark.django_db
def test_rows_of_another_kind_get_a_dictionary_of_their_own():
    recorded()
    tend(now=NOW)
    record(spans(others()), now=NOW)  # with the first
    flows.save(DOCUMENT, now=NOW - DAY)
    record([one for n in range(200) for one in trade(f"EQUITY/{n}/LONDON/{n * n}")], now=NOW)

    made = tend(now=NOW + HOUR)

    assert {(one.kind, one.number) for one in made} >= {(Kind.PARTS, 2)}
    assert record(spans(others()), now=NOW).new == 0
    assert Journey.objects.filter(status="done").count() == 400


@pytest.mark.django_db
def test_who_is_second_to_train_the_same_number_makes_none():
    recorded()
    one, other = (dictionary_samples.take(Kind.PARTS)[part::2] for part in range(2))
    save, trained = dictionary_training._save, dictionary_training._trained

    assert save(Kind.PARTS, trained(one), 1, NOW) is not None
    assert save(Kind.PARTS, trained(other), 1, NOW) is None
    assert save(Kind.PARTS, trained(one), 2, NOW) is None  # an id is used once

    assert numbers() == [("parts", 1)]


@pytest.mark.django_db(transaction=True)
def test_of_several_that_train_at_once_one_wins():
    recorded()

    made = in_threads(*[lambda: tend(now=NOW)] * 3)

    assert numbers() == FIRST
    assert sorted((one.kind, one.number) for some in made for one in some) == FIRST


@pytest.mark.django_db(transaction=True)
def test_a_dictionary_is_committed_at_once_or_not_made():
    recorded()
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        tend(now=NOW)
    assert not Dictionary.objects.exists()


@pytest.mark.django_db
def test_rows_that_cannot_be_read_are_no_samples():
    recorded()
    Trace.objects.update(state=b"damage")
    SpanBlock.objects.update(data=b"damage")
    assert dictionary_samples.take(Kind.STATE) == []
    assert dictionary_samples.take(Kind.SPANS) == []
    assert len(dictionary_samples.take(Kind.PARTS)) == 100


@pytest.mark.django_db
def test_samples_are_bounded(monkeypatch):
    recorded()
    for kind in Kind:
        assert len(dictionary_samples.take(kind)) <= dictionary_samples.MOST
    monkeypatch.setattr(dictionary_samples, "MOST_BYTES", 10_000)
    for kind in Kind:
        assert 5_000 < sum(map(len, dictionary_samples.take(kind))) <= 10_000


@pytest.mark.django_db
def test_an_installation_without_flows_trains_from_parked_spans():
    record(spans(), now=NOW)
    assert {one.kind for one in tend(now=NOW)} == {Kind.STATE, Kind.SPANS}


@pytest.mark.django_db
def test_beat_has_it_done():
    recorded()
    tasks.keep_house()

    assert settings.CELERY_BEAT_SCHEDULE["tracking-keep-house"]["task"] == tasks.keep_house.name
    assert numbers() == FIRST
