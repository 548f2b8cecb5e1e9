import pytest

from dashboards.paging import BadCursor, page
from slatrack.tracking.models import SetAside
from tests.factories import NOON, minutes

pytestmark = pytest.mark.django_db


def aside(number, at=NOON):
    return SetAside.objects.create(source="http", reason=str(number), size=1, data=b"x", at=at)


def reasons(found):
    return [row.reason for row in found.rows]


def test_pages_lead_on_through_rows_of_the_same_instant():
    for number in range(7):
        aside(number)

    seen, cursor = [], None
    for _ in range(4):
        found = page(SetAside.objects.all(), newest="at", cursor=cursor, limit=2)
        seen += reasons(found)
        cursor = found.next_cursor

    assert seen == ["6", "5", "4", "3", "2", "1", "0"]
    assert cursor is None


def test_rows_that_arrive_meanwhile_shift_nothing():
    for number in range(4):
        aside(number, NOON + minutes(number))
    first = page(SetAside.objects.all(), newest="at", limit=2)
    aside("new", NOON + minutes(9))

    second = page(SetAside.objects.all(), newest="at", cursor=first.next_cursor, limit=2)

    assert (reasons(first), reasons(second)) == (["3", "2"], ["1", "0"])


@pytest.mark.parametrize("cursor", ["x", "%%%", "bnVsbA", "WzEsMl0", "WyIyMDI2LTAxLTAxIiwgInkiXQ"])
def test_a_made_up_cursor_is_refused(cursor):
    with pytest.raises(BadCursor, match="start again"):
        page(SetAside.objects.all(), newest="at", cursor=cursor)
