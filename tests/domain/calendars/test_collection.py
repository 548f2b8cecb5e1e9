from datetime import date

import pytest

from slatrack.domain.calendars import (
    CalendarError,
    Calendars,
    OutsideHorizonError,
    UnknownCalendarError,
)
from slatrack.domain.calendars.collection import MEMO_LIMIT
from tests.domain.rules.examples import ask, at, cutoff

SHIPPED = Calendars.shipped()
STORM = {"XNYS": {date(2026, 6, 16): "hurricane"}}


def test_the_shipped_calendars_are_read_once():
    assert Calendars.shipped() is SHIPPED
    assert SHIPPED.get("XNYS") is SHIPPED.get("XNYS")


def test_closures_that_operators_add_make_other_calendars():
    stormy = SHIPPED.with_closures(STORM)

    assert stormy.closed_reason("XNYS", date(2026, 6, 16)) == "hurricane"
    assert stormy.session("XNYS", date(2026, 6, 16)) is None
    assert SHIPPED.closed_reason("XNYS", date(2026, 6, 16)) is None
    assert ask(cutoff(), "2026-06-15T12:00Z").due_at == at("2026-06-16T12:00Z")
    found = ask(cutoff(), "2026-06-15T12:00Z", calendars=stormy)
    assert found.due_at == at("2026-06-17T12:00Z")
    assert found.reasons == ("Tue 16 Jun closed: hurricane",)


def test_versions_name_the_data_and_the_closures():
    stormy = SHIPPED.with_closures(STORM)
    again = SHIPPED.with_closures(STORM)
    more = stormy.with_closures({"XLON": {date(2026, 6, 17): "jubilee"}})

    assert stormy.version == again.version
    assert len({SHIPPED.version, stormy.version, more.version}) == 3
    assert more.version.startswith(SHIPPED.version + "+")
    assert more.closed_reason("XNYS", date(2026, 6, 16)) == "hurricane"


def test_a_closure_cannot_open_a_day():
    closed = SHIPPED.with_closures({"XNYS": {date(2026, 4, 3): "computers down"}})
    assert closed.closed_reason("XNYS", date(2026, 4, 3)) == "computers down"


@pytest.mark.parametrize("on", [date(2017, 12, 31), date(2033, 1, 1)])
def test_outside_what_is_known_nothing_is_assumed(on):
    with pytest.raises(OutsideHorizonError, match="XNYS is known from 2018-01-01 to 2032-12-31"):
        SHIPPED.closed_reason("XNYS", on)


def test_unknown_calendars_are_refused():
    with pytest.raises(UnknownCalendarError, match="use one of"):
        SHIPPED.closed_reason("../VERSION", date(2026, 1, 1))
    with pytest.raises(UnknownCalendarError):
        SHIPPED.with_closures({"XXXX": {}})


def test_a_bank_has_no_sessions():
    with pytest.raises(CalendarError, match="TARGET has open days but no trading hours"):
        SHIPPED.session("TARGET", date(2026, 1, 5))


def test_the_memory_does_not_grow_for_ever():
    calendars = SHIPPED.with_closures({})
    owners = [object() for _ in range(MEMO_LIMIT + 1)]
    for owner in owners:
        calendars.memo(owner)["kept"] = owner

    assert calendars.memo(owners[-1]) == {"kept": owners[-1]}
    assert calendars.memo(owners[0]) == {}
