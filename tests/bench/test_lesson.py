"""What dictionaries of the ingest benchmark are trained from is nothing of what it measures."""

import pytest

from slatrack.bench import lesson
from slatrack.bench.load import DOCUMENTS, Load
from slatrack.tracking import flows
from slatrack.tracking.dictionary_models import Dictionary, Kind
from slatrack.tracking.models import Journey
from tests.bench.test_ingest import spans
from tests.tracking.dictionary_world import DAY, NOW, small

LOAD = Load(800)


def test_a_lesson_is_of_other_events_spans_and_instants():
    known = lesson.before(LOAD)

    assert not set(known.keys) & set(LOAD.keys)
    assert not spans(known.records()) & spans(LOAD.records())
    assert (LOAD.start - known.start) % (1_000_000 // 2)


@pytest.mark.django_db
def test_a_lesson_trains_a_dictionary_of_each_kind(monkeypatch):
    small(monkeypatch)
    monkeypatch.setattr(lesson, "SPANS", 1_600)
    flows.save(DOCUMENTS, now=NOW - DAY)
    known = lesson.before(LOAD)

    assert lesson.teach(known, now=NOW) == len(Kind) == Dictionary.objects.count()

    assert Journey.objects.filter(status="done").count() == len(known.keys) == 100
