"""Telemetry stops for five minutes with many deadlines inside: nobody is told of false misses.

SLATRACK_TEST_DEADLINES says how many: a few by default, 100,000 for docs/benchmarks.md.
"""

import os
from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings

from slatrack.alerting import routing, troubles
from slatrack.alerting.models import Alert, Delivery, Incident
from slatrack.bench import standing
from slatrack.domain.parts import journey_id
from slatrack.tracking import recorder, sources, watcher
from slatrack.tracking.models import Deadline, Flip, Journey
from tests.alerting.told import channel
from tests.factories import NOON
from tests.recorded_flips import recorded

pytestmark = pytest.mark.django_db

MANY = int(os.environ.get("SLATRACK_TEST_DEADLINES", "90"))
STOP = timedelta(minutes=5)
LOOK = timedelta(seconds=20)
FATES = ("on time", "late", "never")
AFTER = NOON + STOP + timedelta(seconds=30)  # when telemetry goes on


def topic():
    return settings.SLATRACK.kafka_topics.split(",")[0].split(":")[0]


def read_to(claims, at, *, now):
    advances = (sources.Advance(one.name, one.epoch, watermark_at=at) for one in claims)
    sources.touch(advances, now=now)


def look(now):
    while watcher.settle_due(now=now):
        continue
    watcher.beat(now=now)
    while routing.take_up(now=now):
        continue
    troubles.look(now=now)


def fate(number):
    return FATES[number // 3 % 3]


def proofs():
    """What the services had sent while nothing was read, as it comes in afterwards."""
    for number in range(MANY):
        due = standing.due_at(number, NOON, STOP)
        if fate(number) == "on time":
            yield standing.proof(number, due - timedelta(seconds=2))
        if fate(number) == "late":
            yield standing.proof(number, due + timedelta(seconds=2))


def verdicts():
    return dict(Deadline.objects.values_list("journey", "verdict"))


def stand(*, now):
    """Record the spans of all: what is copied as rows has no traces for its proofs to join."""
    standing.stand(min(MANY, standing.SHAPES), first_due=NOON, within=STOP, now=now)
    for begin in range(standing.SHAPES, MANY, 2_500):
        numbers = range(begin, min(begin + 2_500, MANY))
        recorder.record([one for n in numbers for one in standing.spans(n, NOON, STOP)], now=now)


@pytest.fixture
def stopped():
    """Five minutes without telemetry are over: one of two partitions was read no further."""
    channel("desk")
    stand(now=NOON - timedelta(minutes=10))
    claims = sources.claim(topic(), [0, 1], group=settings.SLATRACK.kafka_group, owner="one",
                           now=NOON).values()  # fmt: skip
    going, standing_still = claims
    read_to(claims, NOON - timedelta(seconds=1), now=NOON)
    now = NOON
    while now < AFTER - LOOK:
        now += LOOK
        read_to([going], now, now=now)
        sources.touch([sources.Advance(standing_still.name, standing_still.epoch)], now=now)
        look(now)
    return claims


def test_while_telemetry_stands_still_nothing_is_missed_and_one_notice_is_told(stopped):
    assert Counter(verdicts().values()) == {"unknown": MANY}
    assert set(recorded("before", "after")) == {("waiting", "unknown")}
    why = r"^telemetry \d+ s behind$"
    assert Deadline.objects.filter(reason__regex=why).count() == MANY
    [notice] = Delivery.objects.all()
    assert (notice.news, notice.incident) == ("trouble", None)
    sentence = notice.message["data"]["sentence"]
    assert "deadlines that pass are unknown until it goes on" in sentence


def test_once_it_goes_on_each_verdict_is_the_right_one_and_says_why(stopped, admin_client):
    backlog = list(proofs())
    for begin in range(0, len(backlog), 5_000):
        recorder.record(backlog[begin : begin + 5_000], now=AFTER)
    read_to(stopped, AFTER, now=AFTER)
    look(AFTER)
    look(AFTER + LOOK)

    right = {"on time": "met", "late": "missed", "never": "missed"}
    assert verdicts() == {
        journey_id(*standing.event(number)): right[fate(number)] for number in range(MANY)
    }
    notices = Delivery.objects.filter(incident=None).order_by("id")
    assert [row.news for row in notices] == ["trouble", "recovered"]
    whys = Counter(Flip.objects.filter(before="unknown").values_list("after", "reason"))
    late, never = (sum(fate(n) == one for n in range(MANY)) for one in FATES[1:])
    assert whys == {
        ("met", ""): MANY - late - never,
        ("missed", "reached late"): late,
        ("missed", "not seen by then"): never,
    }
    assert Flip.objects.count() == 2 * MANY
    assert Alert.objects.filter(rung="missed").count() == late + never
    assert Incident.objects.exclude(rung="missed").count() == 0
    page = admin_client.get(address(0)).content.decode()
    assert "the span that proves it came" in " ".join(page.split())


def address(number):
    flow, key = standing.event(number)
    assert Journey.objects.filter(key=key).exists()
    return f"/flows/{flow}/journeys/{key}"
