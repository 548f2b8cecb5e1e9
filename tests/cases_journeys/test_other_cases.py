"""Cases 13, 14, 18, 19, 20, 23, 24 and keys that are no business key."""

from datetime import timedelta

import pytest

from slatrack.tracking import models, watcher
from tests.cases_journeys.play import (
    CLIENT,
    CONSUMER,
    DOCUMENT,
    INTERNAL,
    NOW,
    PRODUCER,
    SERVER,
    Play,
    always,
    message,
    play,
    steps,
    told,
)

pytestmark = pytest.mark.django_db

PLACED = ("received", "accepted", "enriched")


@pytest.mark.parametrize(("trades", "seeds"), [(8, 3), (100, 0)])
def test_case_13_one_request_with_a_hundred_trades(trades, seeds):
    one = Play()
    one.add("request", "gateway", SERVER, "rest")
    for n in range(trades):
        one.add(f"out{n}", "gateway", PRODUCER, "rest", parent="request",
                **message("accepted", n, **{"trade.id": f"T{n:02}"}))  # fmt: skip
        one.add(f"in{n}", "enricher", CONSUMER, f"t{n}", called="accepted process",
                **message("accepted", n))  # fmt: skip
    journeys = always(one, seeds=seeds)
    assert len(journeys) == trades
    assert {tuple(steps(j).items()) for j in journeys.values()} == {
        (
            ("received", ("ancestry", trades, 1)),
            ("accepted", ("key", 1, 1)),
            ("enriched", ("message", 1, 1)),
        )
    }


def test_case_14_three_attempts_in_traces_of_their_own():
    one = Play()
    one.add("in", "gateway", SERVER, "T1", **{"trade.id": "T1"})
    one.add("out", "gateway", PRODUCER, "T1", parent="in", **message("accepted", 4))
    for n in range(3):
        one.add(f"try{n}", "enricher", CONSUMER, f"try{n}", called="accepted process",
                links=["out"], status={"code": 2 if n < 2 else 1},
                **message("accepted", 4))  # fmt: skip
    [journey] = always(one).values()
    assert steps(journey)["enriched"] == ("link", 1, 3)
    assert not journey["steps"][2]["error"]


def test_case_19_a_parent_never_exported_is_said():
    one = Play()
    one.add("in", "gateway", SERVER, "T1", **{"trade.id": "T1"})
    one.add("out", "gateway", PRODUCER, "T1", parent="in", **message("accepted", 4))
    one.add("process", "enricher", CONSUMER, "later", parent="never exported",
            called="accepted process", **message("accepted", 4))  # fmt: skip
    [journey] = always(one).values()
    assert list(steps(journey)) == list(PLACED)
    assert not journey["complete"]


def lost_sender(*keys: str, keyed_at: str, request: str = "") -> Play:
    """The span that sent each message was never exported; its reader, elsewhere, links to it."""
    one = Play()
    if request:
        one.add("request", "gateway", SERVER, request)
    for key in keys:
        said = {"trade.id": key}
        trace = request or key
        one.add(f"{key}-in", "gateway", SERVER, trace, parent=f"{request and 'request'}",
                **(said if keyed_at == "gateway" else {}))  # fmt: skip
        one._at[f"{key}-out"] = trace
        one.add(f"{key}-process", "enricher", CONSUMER, f"{key}-later", links=[f"{key}-out"],
                called="accepted process", **message("accepted"),
                **(said if keyed_at == "enricher" else {}))  # fmt: skip
        one.add(f"{key}-next", "enricher", PRODUCER, f"{key}-later", parent=f"{key}-process",
                **message("enriched"))  # fmt: skip
        one.add(f"{key}-put", "sink", CONSUMER, f"{key}-last", links=[f"{key}-next"],
                called="enriched process", **message("enriched"))  # fmt: skip
    return one


@pytest.mark.parametrize("keyed_at", ["gateway", "enricher"])
def test_case_19_a_link_to_a_span_never_exported_leads_to_the_one_event_of_its_trace(keyed_at):
    journeys = always(lost_sender("T1", "T2", keyed_at=keyed_at))
    assert journeys.keys() == {"T1", "T2"}
    for one in journeys.values():
        assert list(steps(one)) == ["received", "enriched", "published", "reported"]
        weak = "received" if keyed_at == "enricher" else "enriched"
        assert steps(one)[weak][0] == "trace"
        assert not one["complete"]
        assert [gap["step"] for gap in one["gaps"]] == ["accepted"]


def test_a_deadline_that_rests_on_such_a_link_is_not_missed_and_says_so():
    document = (
        DOCUMENT
        + """
deadlines:
  - {deadline: soon, rule: {kind: duration, from: ingress, amount: PT1M}, until: reported}
"""
    )
    play(lost_sender("T1", keyed_at="gateway"), document)
    watcher.settle_due(now=NOW + timedelta(hours=1))
    [soon] = told()["T1"]["deadlines"]
    assert soon["verdict"] == "met"
    assert "rests on weak evidence: a span was never exported" in soon["reason"]


def test_a_link_to_a_span_never_exported_of_a_trace_with_many_events_leads_nowhere():
    journeys = always(lost_sender("T1", "T2", keyed_at="gateway", request="rest"))
    assert {key: list(steps(one)) for key, one in journeys.items()} == {
        "T1": ["received"],
        "T2": ["received"],
    }


def test_readers_that_link_to_spans_never_exported_know_nothing_of_each_other():
    """Of a trace that sent nothing nobody knows how many events it has."""
    one = Play()
    one._at.update({"T1-out": "rest", "T2-out": "rest"})
    for key, said in (("T1", {"trade.id": "T1"}), ("T2", {})):
        one.add(f"{key}-process", "enricher", CONSUMER, f"{key}-later", links=[f"{key}-out"],
                called="accepted process", **message("accepted"), **said)  # fmt: skip
    [journey] = always(one).values()
    assert (journey["key"], steps(journey)["enriched"]) == ("T1", ("key", 1, 1))


def test_case_20_a_trace_with_no_key_is_nobody_s():
    one = Play()
    one.add("root", "health", SERVER, "noise")
    for n in range(400):
        one.add(f"check{n}", "health", CLIENT, "noise", parent="root")
    one.add("poll", "enricher", CONSUMER, "poll", called="accepted receive", links=["root"])
    assert play(one) == {}
    assert not models.Trace.objects.filter(bound=True).exists()


ERAS = {
    "oldest": {"messaging.destination": "accepted", "messaging.kafka.partition": 0,
               "messaging.kafka.message.offset": "41", "messaging.operation": "process"},
    "sources": {"messaging.source.name": "accepted", "messaging.kafka.source.partition": "0",
                "messaging.kafka.message.offset": 41, "messaging.operation": "process"},
    "1.24": {"messaging.destination.name": "accepted",
             "messaging.kafka.destination.partition": 0,
             "messaging.kafka.message.offset": 41, "messaging.operation": "deliver"},
    "newest": {"messaging.destination.name": "accepted",
               "messaging.destination.partition.id": "0", "messaging.kafka.offset": "41",
               "messaging.operation.type": "process", "messaging.operation.name": "consume"},
    "message id": {"messaging.destination": "accepted", "messaging.operation": "process",
                   "messaging.message.id": "accepted.0.41"},
}  # fmt: skip


@pytest.mark.parametrize("era", ERAS)
def test_case_23_every_era_is_joined_by_its_message(era):
    one = Play()
    one.add("in", "gateway", SERVER, "T1", **{"trade.id": "T1"})
    one.add("out", "gateway", PRODUCER, "T1", parent="in", **message("accepted", 41))
    one.add("process", "enricher", CONSUMER, "later", called="accepted process", **ERAS[era])
    [journey] = always(one, seeds=1).values()
    assert steps(journey)["enriched"] == ("message", 1, 1)


def test_a_producer_known_to_be_wrong_joins_nothing():
    one = Play()
    one.add("in", "gateway", SERVER, "T1", **{"trade.id": "T1"})
    one.add("out", "gateway", PRODUCER, "T1", parent="in", **message("accepted", 0),
            scope="io.smallrye.reactive.messaging")  # fmt: skip
    one.add("process", "enricher", CONSUMER, "other", called="accepted process",
            **message("accepted", 0))  # fmt: skip
    [journey] = always(one, seeds=1).values()
    assert list(steps(journey)) == ["received", "accepted"]


PUT = """\
  - {step: received, role: ingress, match: {kind: server, service: gateway}}
  - {step: reported, role: sink, match: {kind: consumer, service: sink}, after: [received]}
"""
WAY = """\
  - {step: received, role: ingress, match: {kind: server, service: gateway}}
  - {step: accepted, match: {kind: producer, topic: accepted}, after: [received]}
  - {step: enriched, match: {kind: consumer, service: enricher}, after: [accepted]}
  - {step: reported, role: sink, match: {kind: consumer, service: sink}, after: [enriched]}
"""


def way_without_a_key() -> Play:
    one = Play()
    for n in (1, 2):
        one.add(f"in{n}", "gateway", SERVER, f"a{n}")
        one.add(f"out{n}", "gateway", PRODUCER, f"a{n}", parent=f"in{n}",
                **message("accepted", n))  # fmt: skip
        one.add(f"process{n}", "enricher", CONSUMER, f"b{n}", called="accepted process",
                links=[f"out{n}"], **message("accepted", n))  # fmt: skip
        one.add(f"next{n}", "enricher", PRODUCER, f"b{n}", parent=f"process{n}",
                **message("enriched", n))  # fmt: skip
        one.add(f"put{n}", "sink", CONSUMER, f"c{n}", called="enriched process",
                **message("enriched", n))  # fmt: skip
    return one


def test_the_first_message_as_key_holds_for_all_that_follows():
    document = "flow: f\nevent_key: [{message: accepted}]\nsteps:\n" + WAY
    journeys = always(way_without_a_key(), document)
    assert journeys.keys() == {"accepted-0@1", "accepted-0@2"}
    for journey in journeys.values():
        assert [s["bound_by"] for s in journey["steps"]] == ["ancestry", "key", "key", "message"]
        assert journey["status"] == "done"


def test_the_first_trace_as_key_holds_for_all_that_follows():
    document = "flow: f\nevent_key: [{trace: true}]\nsteps:\n" + WAY
    journeys = always(way_without_a_key(), document)
    assert len(journeys) == 2
    for key, journey in journeys.items():
        assert journey["traces"][0] == key
        assert len(journey["traces"]) == 3
        assert [s["bound_by"] for s in journey["steps"]] == ["key", "key", "link", "message"]
        assert journey["status"] == "done"


def test_case_5_a_message_key_binds_where_the_flow_says_so_and_is_shown():
    document = 'flow: f\nevent_key: [trade.id, {message_key: "accepted*"}]\nsteps:\n' + WAY
    one = Play()
    one.add("in", "gateway", SERVER, "T1", **{"trade.id": "T1"})
    one.add("process", "enricher", CONSUMER, "later", called="accepted process",
            **message("accepted", **{"messaging.kafka.message.key": "T1"}))  # fmt: skip
    one.add("elsewhere", "sink", CONSUMER, "last", called="other process",
            **message("other", **{"messaging.kafka.message.key": "T1"}))  # fmt: skip
    [journey] = always(one, document).values()
    assert steps(journey) == {"received": ("key", 1, 1), "enriched": ("message key", 1, 1)}


def test_a_header_is_a_key():
    document = "flow: f\nevent_key: [{header: trade-id}]\nsteps:\n" + WAY
    one = Play()
    one.add("in", "gateway", SERVER, "T1", **{"http.request.header.trade-id": "T1"})
    one.add("out", "gateway", PRODUCER, "T1", parent="in", **message("accepted"))
    one.add("process", "enricher", CONSUMER, "later", called="accepted process",
            **message("accepted", **{"messaging.header.trade_id": ["T1"]}))  # fmt: skip
    [journey] = always(one, document, seeds=2).values()
    assert steps(journey)["enriched"] == ("key", 1, 1)


def test_case_24_a_batch_beyond_what_an_sdk_links_is_found_by_its_messages():
    one = Play()
    for n in range(6):
        one.add(f"in{n}", "gateway", SERVER, f"T{n}", **{"trade.id": f"T{n}"})
        one.add(f"out{n}", "gateway", PRODUCER, f"T{n}", parent=f"in{n}",
                **message("accepted", n))  # fmt: skip
    one.add("poll", "enricher", CONSUMER, "poll", called="accepted process",
            links=[(f"out{n}", message("accepted", n)) for n in range(4)],
            dropped_links_count=2, **message("accepted"))  # fmt: skip
    for n in (4, 5):
        one.add(f"record{n}", "enricher", CONSUMER, "poll", parent="poll",
                called="accepted process", **message("accepted", n))  # fmt: skip
    journeys = always(one)
    assert {key: steps(j)["enriched"][0] for key, j in journeys.items()} == {
        **{f"T{n}": "link" for n in range(4)},
        **{f"T{n}": "message" for n in (4, 5)},
    }


def test_case_24_an_event_whose_link_may_have_been_dropped_is_incomplete_and_says_why():
    one = Play()
    for n in range(6):
        one.add(f"in{n}", "gateway", SERVER, f"T{n}", **{"trade.id": f"T{n}"})
        one.add(f"out{n}", "gateway", PRODUCER, f"T{n}", parent=f"in{n}", **message("accepted"))
    one.add("put", "sink", CONSUMER, "put", called="accepted process", dropped_links_count=2,
            links=[f"out{n}" for n in range(4)], **message("accepted"))  # fmt: skip
    journeys = always(one, "flow: f\nevent_key: [trade.id]\nsteps:\n" + PUT, seeds=2)
    told = {
        key: [(gap["reason"], gap["sentence"]) for gap in one["gaps"]]
        for key, one in journeys.items()
    }
    sentence = (
        "sink's span 'accepted process' at 2026-11-20 12:00:01 UTC left out 2 of its links: "
        "this event may be one of those"
    )
    dropped = [("link dropped", sentence)]
    assert told == {**{f"T{n}": [] for n in range(4)}, "T4": dropped, "T5": dropped}
    assert {key: one["complete"] for key, one in journeys.items()} == {
        key: not gaps for key, gaps in told.items()
    }
    assert "OTEL_SPAN_LINK_COUNT_LIMIT" in journeys["T5"]["gaps"][0]["remedy"]


def test_an_event_that_came_after_the_batch_was_not_in_it():
    one = Play()
    for n in range(3):
        at = 0 if n < 2 else 60
        one.add(f"in{n}", "gateway", SERVER, f"T{n}", at=at, **{"trade.id": f"T{n}"})
        one.add(f"out{n}", "gateway", PRODUCER, f"T{n}", at=at, parent=f"in{n}",
                **message("accepted"))  # fmt: skip
    one.add("put", "sink", CONSUMER, "put", at=5, called="accepted process",
            dropped_links_count=2, links=["out0", "out1"], **message("accepted"))  # fmt: skip
    journeys = play(one, "flow: f\nevent_key: [trade.id]\nsteps:\n" + PUT)
    assert [gap["reason"] for gap in journeys["T2"]["gaps"]] == ["not yet"]
    assert journeys["T2"]["complete"]


def test_rings_of_links_between_traces_end_and_lose_nothing():
    one = Play()
    one.add("in", "gateway", SERVER, "a", **{"trade.id": "T1"})
    for name in ("x", "y", "z"):
        one._at[name] = name
    for name, to in (("x", "y"), ("y", "z"), ("z", "x")):
        one.add(name, "enricher", CONSUMER, name, called="accepted process", links=[to, "in"])
    [journey] = always(one).values()
    assert steps(journey)["enriched"] == ("link", 1, 3)


def test_a_span_that_links_to_itself_or_to_nothing_that_comes_is_parked():
    one = Play()
    one._at.update(me="me", never="never")
    one.add("me", "enricher", CONSUMER, "me", called="accepted process", links=["me", "never"])
    one.add("work", "enricher", INTERNAL, "me", parent="me")
    assert play(one) == {}
