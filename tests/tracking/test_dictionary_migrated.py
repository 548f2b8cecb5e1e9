"""The way back from dictionaries is closed while there are any: rows would be lost with them."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.migrations.exceptions import IrreversibleError

from slatrack.tracking.dictionary_models import Dictionary, Kind
from tests.migrating import migrate

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = ("tracking", "0005_flips_told_by_deadlines")
NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def afterwards():
    """The database is as it should be, whatever came of a test."""
    yield
    migrate()


def test_a_dictionary_that_rows_may_need_is_not_deleted_by_going_back():
    one = {"kind": Kind.PARTS, "number": 1, "data": b"x", "created_at": NOW, "tried_at": NOW}
    Dictionary.objects.create(id=7, **one)

    with pytest.raises(IrreversibleError, match="restore the backup"):
        migrate(BEFORE)

    assert Dictionary.objects.get().id == 7


def test_without_one_the_way_back_is_open():
    migrate(BEFORE)

    assert "tracking_dictionary" not in connection.introspection.table_names()
