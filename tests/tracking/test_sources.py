"""Sources: claims, fences, and how far telemetry has been read."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from slatrack.tracking import sources
from slatrack.tracking.models import Source
from slatrack.tracking.setting_aside import Aside, SetAside, store
from slatrack.tracking.sources import Advance, Fenced, advance, claim, touch, watermark

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def own(partitions=(0,), owner="a", topic="otlp_spans", group="slatrack"):
    return claim(topic, partitions, group=group, owner=owner, now=NOON)


def test_a_claim_tells_where_to_go_on_and_fences_the_owner_before():
    first = own()[0]
    assert first.next_offset is None
    advance([Advance(first.name, first.epoch, 42)], now=NOON)

    second = own(owner="b")[0]
    assert second.next_offset == 42
    with pytest.raises(Fenced, match=first.name):
        advance([Advance(first.name, first.epoch, 50)], now=NOON)
    assert Source.objects.get().next_offset == 42


def test_what_is_not_known_is_left_as_it_is():
    mine = own()[0]
    advance([Advance(mine.name, mine.epoch, 7, NOON, 3)], now=NOON)
    touch([Advance(mine.name, mine.epoch)], now=NOON + seconds(1))

    row = Source.objects.get()
    assert (row.next_offset, row.watermark_at, row.lag) == (7, NOON, 3)
    assert row.alive_at == NOON + seconds(1)


def test_a_touch_that_is_fenced_moves_nothing():
    mine = own((0, 1))
    own((1,), owner="b")
    with pytest.raises(Fenced):
        touch([Advance(c.name, c.epoch, 9) for c in mine.values()], now=NOON)

    assert set(Source.objects.values_list("next_offset", flat=True)) == {None}


def test_the_watermark_is_that_of_the_slowest_partition():
    assert watermark(NOON) is None
    mine = own((0, 1))
    advance([Advance(mine[0].name, mine[0].epoch, 1, NOON)], now=NOON)
    assert watermark(NOON) == sources.UNREAD

    advance([Advance(mine[1].name, mine[1].epoch, 1, NOON - seconds(30))], now=NOON)
    assert watermark(NOON) == NOON - seconds(30)
    assert watermark(NOON + timedelta(days=1)) == NOON - seconds(30)  # nobody reads: it stands


def test_the_watermark_is_the_lowest_of_all_that_counts(monkeypatch):
    monkeypatch.setattr(settings.SLATRACK, "kafka_topics", "spans, more:otlp_json")
    group, second = settings.SLATRACK.kafka_group, iter(range(1, 99))

    def stands(name="", **fields):
        at = NOON - seconds(next(second))
        values = {"topic": "spans", "group": group, "watermark_at": at, "alive_at": NOON, **fields}
        Source.objects.create(name=name or f"{next(second)}", **values)
        return at

    lowest = NOON + seconds(1)
    for counts, fields in [
        (True, {}),
        (True, {"topic": "more", "alive_at": NOON - timedelta(days=9)}),
        (False, {"group": "others"}),
        (False, {"topic": "retired"}),
        (True, {"name": "replay:1", "group": "", "topic": ""}),
        (False, {"name": "replay:2", "group": "", "topic": "", "alive_at": NOON - seconds(61)}),
        (False, {"name": "watcher", "group": "", "topic": ""}),
        (True, {"topic": "more"}),
    ]:
        at = stands(**fields)
        lowest = min(lowest, at) if counts else lowest
        assert watermark(NOON) == lowest, fields


def test_partitions_that_are_read_no_more_do_not_count(monkeypatch):
    own(group="another")
    own(topic="retired")
    Source.objects.create(name="watcher", alive_at=NOON)
    assert watermark(NOON) is None

    monkeypatch.setattr(settings.SLATRACK, "kafka_topics", "x, retired:otlp_json")
    assert watermark(NOON) == sources.UNREAD


def test_a_new_kafka_is_read_from_its_start():
    own()
    own(group="another")
    sources.forget("slatrack")

    assert list(Source.objects.values_list("group", flat=True)) == ["another"]


def test_a_record_is_set_aside_once_however_often_it_comes():
    aside = Aside("kafka", "bad\0" + "x" * 900, b"data", "t" * 300, 0, 5)
    for _ in range(2):
        store([aside], now=NOON)

    row = SetAside.objects.get()
    assert (len(row.reason), row.size, len(row.topic)) == (500, 4, 249)
    store([Aside("http", "bad", b"data")] * 2, now=NOON)
    assert SetAside.objects.count() == 3
