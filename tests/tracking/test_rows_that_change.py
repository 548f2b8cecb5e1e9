"""What rows that change cost PostgreSQL: where they lie, and what of its settings that takes."""

from datetime import timedelta

import pytest
from django.db import connection

from slatrack.bench import standing
from slatrack.tracking import watcher
from tests.migrating import migrate
from tests.only_on import only_on
from tests.spans import NOON

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 400


def ask(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def options():
    found = ask(
        "SELECT relname, reloptions FROM pg_class "
        "WHERE relname IN ('tracking_deadline', 'journey_by_start')"
    )
    return {name: said for name, said in found if said}


@only_on("postgresql")
def test_a_deadline_that_is_missed_finds_room_on_its_page():
    standing.stand(MANY, first_due=NOON - timedelta(hours=1), now=NOON - timedelta(hours=2))
    pages = "SELECT DISTINCT (ctid::text::point)[0] FROM tracking_deadline ORDER BY 1"
    before = ask(pages)
    assert len(before) > 10

    assert watcher.settle_due(now=NOON, limit=MANY) == MANY

    assert ask("SELECT DISTINCT verdict FROM tracking_deadline") == [("missed",)]
    assert ask(pages) == before


@only_on("postgresql")
def test_what_is_postgresql_s_alone_is_set_and_taken_back():
    set_so = {
        "tracking_deadline": ["fillfactor=45"],
        "journey_by_start": ["deduplicate_items=off"],
    }
    assert options() == set_so
    migrate(("tracking", "0008_kept_deadlines_are_told_by_their_journeys"))
    assert options() == {}
    migrate()
    assert options() == set_so
