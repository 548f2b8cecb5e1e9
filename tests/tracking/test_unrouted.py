"""Which flips wait for alerting: kept by the migration that gave them a queue, there and back."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from slatrack.tracking.models import Flip, Unrouted
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = ("tracking", "0002_feeds")


@pytest.fixture
def before():
    """The database as it was before the queue; afterwards it is as it should be."""
    executor = MigrationExecutor(connection)
    executor.migrate([BEFORE])
    yield executor.loader.project_state(BEFORE).apps.get_model("tracking", "Flip")
    migrate()


def migrate():
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes("tracking"))


@pytest.fixture
def flips():
    row = make.journey()
    waits = make.flip(row, "verdict", "waiting", "missed")
    taken_up = make.flip(row, "warning", "0", "1")
    Unrouted.objects.filter(flip=taken_up).delete()
    return waits, taken_up


def test_what_waits_is_what_waited(flips, before):
    waits, taken_up = flips
    assert [row.pk for row in before.objects.filter(routed_at=None)] == [waits.pk]

    migrate()

    [queued] = Unrouted.objects.all()
    assert (queued.flip, queued.journey, queued.flow) == (waits, waits.journey, make.flow())
    assert set(Flip.objects.all()) == {waits, taken_up}
