"""Events that the benchmark lets stand: what the recorder would have written of each."""

from datetime import UTC, datetime, timedelta

import pytest

from slatrack.bench import standing
from slatrack.tracking.models import Deadline, Journey
from slatrack.tracking.recorder import record
from tests.recorded_flips import recorded

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DUE = NOW + timedelta(seconds=30)
MANY = standing.SHAPES + 40


def rows(numbers):
    ids = [standing.journey_id(*standing.event(number)) for number in numbers]
    journeys = Journey.objects.filter(id__in=ids).order_by("id").values()
    deadlines = Deadline.objects.filter(journey__in=ids).order_by("journey", "name").values()
    for row in deadlines:
        del row["id"]
    return [{**row, "parts": bytes(row["parts"])} for row in journeys], list(deadlines)


def test_events_that_stand_are_as_the_recorder_writes_them():
    copied = range(standing.SHAPES, MANY)
    standing.stand(MANY, first_due=DUE, now=NOW)
    assert Journey.objects.count() == Deadline.objects.count() == MANY
    written = rows(copied)
    Journey.objects.all().delete()

    record([span for number in copied for span in standing.spans(number, DUE)], now=NOW)

    assert written == rows(copied)
    assert recorded() == []
