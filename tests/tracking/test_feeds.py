"""A flow does not wait for a topic that never feeds it; until that is known, it waits for all."""

from datetime import timedelta

import pytest
from django.conf import settings
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from slatrack.domain import feeding as known
from slatrack.domain.instants import rfc3339
from slatrack.tracking import (
    backtesting,
    feeding,
    feeds,
    flows,
    heard,
    reading,
    shadowing,
    sources,
    watcher,
)
from slatrack.tracking.heard import Origin
from slatrack.tracking.models import Flow, FlowFeed, Journey, Source, Speaker, TopicRead
from slatrack.tracking.recorder import record
from slatrack.tracking.sources import Advance
from tests.dashboards.signed_in import client
from tests.deadlines import deadline
from tests.spans import NOON, SECOND, span
from tests.trades import DOCUMENT, received, trade

pytestmark = pytest.mark.django_db

ENOUGH_LOOKS, ENOUGH_EVENTS = 3, 33  # fewer than really, so that it is quick
A_LOOK = 11  # events whose telemetry comes between two looks


def minutes(count):
    return NOON + timedelta(minutes=count)


def seconds(count):
    return timedelta(seconds=count)


@pytest.fixture(autouse=True)
def two_topics(monkeypatch):
    monkeypatch.setattr(known, "ENOUGH_LOOKS", ENOUGH_LOOKS)
    monkeypatch.setattr(known, "ENOUGH_EVENTS", ENOUGH_EVENTS)
    monkeypatch.setattr(settings.SLATRACK, "kafka_topics", "equities:otlp_proto,batch:otlp_proto")
    flows.save(DOCUMENT, now=NOON - timedelta(days=1))
    for topic in ("equities", "batch"):
        sources.claim(topic, (0, 1), group="slatrack", owner="a", now=NOON)


def read(topic, at, *, now):
    rows = Source.objects.filter(topic=topic).values_list("name", "epoch")
    sources.advance([Advance(*row, 1, at, 0) for row in rows], now=now)
    feeds.forget()


def sent(one, later=0):
    """A span as it comes, with a resource that names its service; some seconds later."""
    named = KeyValue(key="service.name", value=AnyValue(string_value=one.service))
    resource = Resource(attributes=[named]).SerializeToString()
    shift = int(later * SECOND)
    origin = one.origin._replace(raw_resource=resource)
    return one._replace(start=one.start + shift, end=one.end + shift, origin=origin)


def trades(first, count, *, at):
    later = (at - NOON).total_seconds()
    keys = [f"T{number}" for number in range(first, first + count)]
    return [sent(one, later) for key in keys for one in trade(key)]


def learn_for(looks, *, topic="equities", behind=None):
    """Let time pass: each minute some whole events come by `topic`, one of them another's."""
    for minute in range(looks):
        now, ended = minutes(minute + 2), minutes(minute)
        spans = trades(A_LOOK * minute, A_LOOK, at=ended)
        other = span(f"batch-{minute}", service="ledger", trace=f"batch-{minute}")
        record([*spans, other], now=now, origins=[Origin(0, topic), Origin(len(spans), "batch")])
        for one in ("equities", "batch"):
            read(one, now - (behind or seconds(0)), now=now)
        feeding.learn(now=now)
    feeds.forget()
    return minutes(looks + 2)


def late(key, *, now):
    """An event that was received and is due a moment ago, while `batch` was last read before."""
    begun = now - timedelta(minutes=15, seconds=10)
    spans = [received(key, trace=key, name=key, at=(begun - NOON).total_seconds())]
    record(spans, now=now - seconds(8), origins=[Origin(0, "equities")])
    read("equities", now, now=now)
    watcher.settle_due(now=now)
    return deadline(key=key, flow__name="trade-reporting").verdict


def test_a_topic_that_lags_leaves_flows_alone_that_it_never_feeds():
    now = learn_for(ENOUGH_LOOKS)
    assert FlowFeed.objects.get().events >= ENOUGH_EVENTS
    assert feeds.current() == {"trade-reporting": {"batch"}}

    assert late("GONE", now=now) == "missed"
    marks = sources.watermarks(now)
    assert marks.whole < marks.of("trade-reporting") == now


def test_a_verdict_keeps_how_far_was_read_what_feeds_its_flow():
    now = learn_for(ENOUGH_LOOKS)
    late("GONE", now=now)
    record(trades(900, 1, at=now - seconds(8)), now=now, origins=[Origin(0, "equities")])

    done = deadline(key="T900")
    assert (done.verdict, done.watermark) == ("met", now)


def test_a_topic_that_feeds_the_flow_holds_it_up():
    now = learn_for(ENOUGH_LOOKS)
    record([span("x", service="regulator-sink", trace="x")], now=now, origins=[Origin(0, "batch")])

    assert late("GONE", now=now) == "unknown"


def test_nothing_is_set_apart_before_it_is_known():
    now = learn_for(ENOUGH_LOOKS - 1)
    assert late("GONE", now=now) == "unknown"


def test_events_do_not_count_while_anything_lags():
    learn_for(ENOUGH_LOOKS, behind=seconds(40))
    assert FlowFeed.objects.get().events == 0
    assert set(TopicRead.objects.values_list("looks", flat=True)) == {0}


def test_a_replay_holds_every_flow_up():
    now = learn_for(ENOUGH_LOOKS)
    replay = sources.start_replay("me", now=now)
    old = now - timedelta(hours=1)
    sources.advance([Advance(replay.name, replay.epoch, None, old)], now=now)

    assert sources.watermarks(now).of("trade-reporting") == old


def test_a_topic_without_a_reader_is_waited_for_by_those_it_feeds():
    now = learn_for(ENOUGH_LOOKS)
    sources.claim("equities", (2,), group="slatrack", owner="b", now=now)

    assert sources.watermarks(now).of("trade-reporting") == sources.UNREAD


def test_another_document_is_learnt_anew():
    learn_for(ENOUGH_LOOKS)
    flows.save(DOCUMENT.replace("title: Equity", "title: All equity"), now=minutes(40))
    feeds.forget()
    assert feeds.current() == {}

    for topic in ("equities", "batch"):
        read(topic, minutes(41), now=minutes(41))
    feeding.learn(now=minutes(41))
    feeds.forget()
    assert FlowFeed.objects.get().events < ENOUGH_EVENTS
    assert feeds.current() == {}


def test_a_look_may_be_repeated():
    now = learn_for(2)
    before = FlowFeed.objects.get().events
    record(trades(100, 5, at=now - timedelta(minutes=2)), now=now)
    read("equities", now, now=now)
    read("batch", now, now=now)
    for _ in range(2):
        feeding.learn(now=now)

    assert FlowFeed.objects.get().events == before + 5
    assert set(TopicRead.objects.values_list("looks", flat=True)) == {3}


def test_services_that_no_step_names_count_too():
    """What binds an event across traces need not be a step of it."""
    spans = trades(0, 1, at=NOON)
    spans.append(sent(span("between", parent="T0-accepted", service="bridge", trace="T0", at=1)))
    record(spans, now=minutes(2))
    feeding.learn(now=minutes(2))

    assert "bridge" in FlowFeed.objects.get().services


def test_what_is_kept_is_bounded(monkeypatch):
    now = learn_for(ENOUGH_LOOKS)
    monkeypatch.setattr(feeds, "MOST", Speaker.objects.count())
    feeds.forget()
    assert feeds.current() == {}

    monkeypatch.setattr(heard, "MOST", Speaker.objects.count())
    heard.note([span("n", service="made up")], now=now, origins=[Origin(0, "batch")])
    assert not Speaker.objects.filter(service="made up").exists()


def test_a_flow_waits_for_what_its_children_wait_for():
    apart = {"orders": frozenset({"a", "b"}), "fills": frozenset({"b", "c"}), "legs": frozenset()}
    parents = {"fills": "orders", "legs": "fills"}
    assert feeds.with_children(apart, {"fills": "orders"})["orders"] == {"b"}
    assert feeds.with_children(apart, parents)["orders"] == set()


def test_while_all_is_fresh_no_flow_costs_a_query(django_assert_num_queries):
    now = learn_for(1)
    read("equities", now, now=now)
    read("batch", now, now=now)
    with django_assert_num_queries(1):
        assert sources.watermarks(now) == (now, {})


def test_rows_of_other_flows_are_still_unknown():
    now = learn_for(ENOUGH_LOOKS)
    flows.save(DOCUMENT.replace("flow: trade-reporting", "flow: other"), now=NOON)
    assert late("GONE", now=now) == "missed"  # in trade-reporting
    assert set(Journey.objects.filter(key="GONE").values_list("flow__name", "verdict")) == {
        ("trade-reporting", "missed"),
        ("other", "unknown"),
    }


def test_a_backtest_knows_as_much_as_what_feeds_its_flow_has_said():
    now = learn_for(ENOUGH_LOOKS)
    assert late("GONE", now=now) == "missed"
    flow = Flow.objects.get(name="trade-reporting")
    document = flow.rules.get().document
    began = NOON - timedelta(days=1)
    question = backtesting.Question(flow, document, began, now, document["deadline"])

    row = backtesting.ask(question, by=None, now=now)
    backtesting.carry_on(row.pk, clock=lambda: now)

    row.refresh_from_db()
    tally = backtesting.tally(row)
    assert (tally.count(tried="unknown"), tally.count(tried="missed")) == (0, 1)
    assert [one.key for one in tally.named("worst")] == ["GONE"]


def test_a_shadow_knows_as_much_as_what_feeds_its_flow_has_said():
    flow = Flow.objects.get(name="trade-reporting")
    document = dict(flow.rules.get().document)
    document["rule"] = {**document["rule"], "amount": "PT20M"}
    silent = shadowing.Silent(flow, document, document["deadline"])
    row = shadowing.begin(silent, by=None, why="new law", now=minutes(-60))
    now = learn_for(ENOUGH_LOOKS)
    late("GONE", now=now)

    shadowing.look_at_all(now=now)

    assert shadowing.counts(row) == {("missed", "waiting"): 1}


def test_the_api_says_how_far_what_feeds_a_flow_was_read():
    now = learn_for(ENOUGH_LOOKS)
    read("equities", now, now=now)

    found = client("viewer").get("/api/flows/trade-reporting").json()

    assert found["read_to"] == rfc3339(now)


def test_a_step_not_seen_yet_is_not_put_down_to_a_topic_that_never_feeds_its_flow():
    now = learn_for(ENOUGH_LOOKS)
    late("GONE", now=now)

    found = reading.journey("trade-reporting", "GONE", now=now)

    assert {one["reason"] for one in found["gaps"]} == {"not yet"}
