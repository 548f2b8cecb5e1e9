"""Bulk writes: what goes in comes out, and ids belong to their rows."""

import pytest

from slatrack.tracking import store
from slatrack.tracking.models import SpanBlock
from tests.spans import NOON

pytestmark = pytest.mark.django_db

COLUMNS = ("created_at", "bound", "spans", "data")


def test_ids_that_the_database_gives_come_in_the_order_of_the_rows():
    rows = [(NOON, number % 2 == 0, number, bytes(number % 7)) for number in range(2_000)]
    ids = store.insert_numbered(SpanBlock, COLUMNS, rows)
    stored = dict(SpanBlock.objects.values_list("id", "spans"))
    assert [stored[one] for one in ids] == list(range(2_000))


def test_no_rows_are_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert store.insert_numbered(SpanBlock, COLUMNS, []) == []


def test_what_is_read_is_what_a_values_list_has():
    rows = [(NOON, True, number, b"x") for number in range(3)]
    store.insert_numbered(SpanBlock, COLUMNS, rows)
    asked = SpanBlock.objects.order_by("spans").values_list("created_at", "bound", "spans")
    assert store.read(asked) == list(asked) == [row[:3] for row in rows]
    assert store.read(asked.all()[:0]) == []
