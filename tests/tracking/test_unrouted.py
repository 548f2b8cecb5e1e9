"""Which flips wait for alerting: kept by the migrations that gave them a queue, there and back."""

import pytest

from slatrack.tracking.models import Flip, UnroutedFlip
from tests import factories as make
from tests.migrating import behind, migrate
from tests.recorded_flips import recorded

pytestmark = pytest.mark.django_db(transaction=True)

ROWS_ALONE = ("tracking", "0002_feeds")  # a column says which flips wait
QUEUE_BESIDE = ("tracking", "0006_dictionary")  # all flips are history; the queue names some


@pytest.fixture
def waits():
    return make.flip(make.journey(), "verdict", "waiting", "missed")


@pytest.fixture
def taken_up(waits):
    return make.taken_up(waits.journey, "warning", "0", "1")


@pytest.fixture(params=[ROWS_ALONE, QUEUE_BESIDE], ids=lambda one: one[1])
def before(request, waits, taken_up):
    """The tables as they were before a migration; afterwards they are as they should be."""
    yield migrate(request.param)
    migrate()


def waiting(apps):
    """Return the journeys and numbers of the flips that wait, as each version says it."""
    rows = apps.get_model("tracking", "Flip").objects
    if "routed_at" in {field.name for field in rows.model._meta.fields}:
        return list(rows.filter(routed_at=None).values_list("journey", "number"))
    queue = apps.get_model("tracking", "Unrouted").objects
    return list(queue.values_list("flip__journey", "flip__number"))


def test_what_waits_is_what_waited(waits, taken_up, before):
    said = {field: getattr(taken_up, field) for field in ("number", "after", "recorded_at")}
    assert waiting(before) == [(waits.journey_id, waits.number)]

    migrate()

    [queued] = UnroutedFlip.objects.all()
    assert (queued.journey, queued.flow) == (waits.journey, make.flow())
    [history] = Flip.objects.all()
    assert {field: getattr(history, field) for field in said} == said


def test_what_was_recorded_is_the_same_there_and_back(waits, taken_up):
    before = recorded()
    assert len(before) == 2

    for version in (ROWS_ALONE, QUEUE_BESIDE):
        migrate(version)
        assert behind()
        migrate()

        assert recorded() == before
        assert not behind()  # nor is any other app
