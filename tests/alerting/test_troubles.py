"""Slatrack's own troubles: found, told once, shown, and told to be over."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from slatrack.alerting import troubles
from slatrack.alerting.models import Delivery, Trouble
from slatrack.tracking import flows
from slatrack.tracking.housekeeping import LOST_TO_RETENTION, count
from slatrack.tracking.models import Source
from slatrack.tracking.watcher import NAME as WATCHER
from tests.alerting.told import channel
from tests.factories import NOON
from tests.tracking.test_closures import TRADES

pytestmark = pytest.mark.django_db

STEP = timedelta(seconds=5)  # from look to look


def seconds(number):
    return timedelta(seconds=number)


def partition(number=0, **fields):
    given = settings.SLATRACK
    topic = given.kafka_topics.split(",")[0].split(":")[0]
    values = {"alive_at": NOON, "watermark_at": NOON, **fields}
    return Source.objects.create(
        name=f"p{number}", topic=topic, partition=number, group=given.kafka_group, **values
    )


def looked(*moments):
    """Look at each moment; return what was told, oldest first."""
    for moment in moments:
        troubles.look(now=moment)
    rows = Delivery.objects.order_by("id")
    return [(row.news, row.message["data"]["trouble"]["kind"]) for row in rows]


@pytest.fixture(autouse=True)
def desk():
    return channel("desk")


def test_nothing_is_wrong_where_nothing_was_started():
    assert looked(NOON, NOON + STEP) == []


def test_all_is_well_while_everything_is_alive():
    partition()
    Source.objects.create(name=WATCHER, alive_at=NOON)

    assert looked(NOON + seconds(29), NOON + seconds(30)) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"alive_at": NOON - seconds(31)}, "1 of 1 partitions have no reader"),
        ({"watermark_at": NOON - seconds(31)}, "only up to 2026-11-"),
    ],
)
def test_a_trouble_is_told_at_the_second_look_and_once_and_then_that_it_is_over(fields, said):
    row = partition(**fields)
    assert looked(NOON) == []
    assert looked(NOON + seconds(1)) == []

    assert looked(NOON + STEP, NOON + 2 * STEP) == [("trouble", "telemetry")]
    [shown] = troubles.open_troubles()
    assert said in shown.sentence

    Source.objects.filter(pk=row.pk).update(alive_at=NOON + 3 * STEP, watermark_at=NOON + 3 * STEP)
    assert looked(NOON + 3 * STEP, NOON + 4 * STEP) == [
        ("trouble", "telemetry"),
        ("recovered", "telemetry"),
    ]
    assert not troubles.open_troubles().exists()


def test_what_is_over_before_a_second_look_wakes_nobody_and_leaves_nothing():
    row = Source.objects.create(name=WATCHER, alive_at=NOON - timedelta(hours=8))
    assert looked(NOON) == []

    Source.objects.filter(pk=row.pk).update(alive_at=NOON)
    assert looked(NOON + STEP) == []
    assert not Trouble.objects.exists()


def test_a_watcher_that_fell_silent_is_told():
    Source.objects.create(name=WATCHER, alive_at=NOON - seconds(31))

    assert looked(NOON, NOON + STEP) == [("trouble", "watcher")]


def test_a_partition_that_was_never_read_is_given_the_time_of_a_start():
    partition(watermark_at=None)
    Source.objects.update(alive_at=NOON + seconds(30))

    assert looked(NOON, NOON + seconds(29)) == []
    assert looked(NOON + seconds(30)) == [("trouble", "telemetry")]


def test_a_replay_holds_the_watermark_back_and_is_no_trouble():
    partition()
    Source.objects.create(name="replay:x", alive_at=NOON, watermark_at=NOON - timedelta(days=9))

    assert looked(NOON, NOON + STEP) == []


def test_records_lost_to_retention_are_told_at_once_and_again_when_more_are_lost():
    count(LOST_TO_RETENTION, 12)
    assert looked(NOON, NOON + STEP) == [("trouble", "lost")]
    assert "deleted 12 records" in troubles.open_troubles().get().sentence

    assert looked(NOON + timedelta(hours=1)) == [("trouble", "lost"), ("recovered", "lost")]
    assert len(looked(NOON + timedelta(hours=2))) == 2

    count(LOST_TO_RETENTION, 1)
    assert looked(NOON + timedelta(hours=3))[2:] == [("trouble", "lost")]


def test_a_channel_that_is_off_is_not_told(desk):
    desk.enabled = False
    desk.save()
    count(LOST_TO_RETENTION, 1)

    assert looked(NOON) == []
    assert troubles.open_troubles().exists()


def test_a_calendar_in_use_that_ends_soon_is_told():
    flows.save(TRADES, now=NOON)
    soon = datetime(2032, 7, 5, tzinfo=UTC)  # 179 days before its end
    assert looked(soon - timedelta(days=2), soon - timedelta(days=2) + STEP) == []
    assert looked(soon, soon + STEP) == [("trouble", "calendar")]
    assert "Calendar XNYS is known up to 2032-12-31 only" in Trouble.objects.get().sentence


def test_a_calendar_that_no_rule_rests_on_may_end():
    assert looked(datetime(2032, 12, 1, tzinfo=UTC), datetime(2032, 12, 2, tzinfo=UTC)) == []
