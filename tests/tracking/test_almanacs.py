"""What a verdict was made with: rule version, calendars with closures, time zones, telemetry."""

from datetime import UTC, date, datetime

import pytest

from slatrack.domain.calendars import Calendars
from slatrack.domain.zones import zone_version
from slatrack.tracking import almanacs, closures, flows, reading
from slatrack.tracking.models import Almanac
from tests.bonds import after, settle, store
from tests.deadlines import deadline
from tests.recorded_flips import recorded
from tests.tracking.test_closures import MONDAY, TRADES, received, reported

pytestmark = pytest.mark.django_db

SHIPPED = Calendars.shipped()


@pytest.fixture(autouse=True)
def in_force():
    flows.save(TRADES, now=after(-86400))


def shown(key="T"):
    [one] = reading.journey("trades", key, now=after(120))["deadlines"]
    return one


def test_a_verdict_names_calendars_and_time_zones():
    store([received(), reported()])

    assert shown()["calendars"] == SHIPPED.version
    assert shown()["time_zones"] == zone_version()
    assert recorded("almanac") == [(almanacs.number(SHIPPED),)]
    assert Almanac.objects.get().closures == []


def test_a_deadline_that_moved_names_the_closures_it_moved_by():
    store([received("T"), received("done"), reported("done")])
    closures.add("XNYS", MONDAY, "hurricane", by=None, now=after(60))
    settle(61)

    assert shown()["calendars"].startswith(f"{SHIPPED.version}+")
    assert shown("done")["calendars"] == SHIPPED.version  # its verdict stands on what it was
    moved = Almanac.objects.get(id=deadline(key="T").almanac)
    assert moved.closures == [["XNYS", "2026-11-23", "hurricane"]]


def test_what_changes_nothing_for_a_deadline_leaves_its_evidence_alone():
    store([received()])
    closures.add("XNYS", date(2026, 12, 9), "mourning", by=None, now=after(60))
    settle(61)
    assert shown()["calendars"] == SHIPPED.version


def test_an_almanac_is_written_once_and_comes_back_if_it_was_lost():
    flows.current()
    almanacs.keep(SHIPPED)
    assert Almanac.objects.count() == 1

    store([received()])
    Almanac.objects.all().delete()  # gone with a transaction that failed
    assert shown()["calendars"] == SHIPPED.version
    almanacs.keep(SHIPPED)
    assert Almanac.objects.get().id == deadline().almanac


def test_the_version_of_the_rule_says_since_when_it_holds():
    store([received("before")])
    flows.save(TRADES.replace("18:00", "17:00"), now=datetime(2026, 11, 20, 11, tzinfo=UTC))
    store([received("after")])

    assert (shown("before")["version"], shown("before")["effective_from"]) == (1, None)
    assert shown("after")["version"] == 2
    assert shown("after")["effective_from"] == "2026-11-20T11:00:00.000Z"
