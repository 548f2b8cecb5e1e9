"""Cases 1 to 5, 12, 16, 21, 22: batches, sinks and lost context."""

from datetime import timedelta

import pytest

from slatrack.otlp import blocks
from slatrack.tracking import models
from slatrack.tracking.housekeeping import expire_parked
from tests.cases_journeys.play import (
    CLIENT,
    CONSUMER,
    INTERNAL,
    NOW,
    PRODUCER,
    SERVER,
    Play,
    always,
    message,
    send,
    steps,
    told,
)
from tests.spans import span_id, trace_id

pytestmark = pytest.mark.django_db


def ingress(play: Play, key: str, *, offset: int | None = None, keyed: bool = True) -> None:
    said = {"trade.id": key} if keyed else {}
    play.add(f"{key}-received", "gateway", SERVER, key, **said)
    play.add(
        f"{key}-accepted", "gateway", PRODUCER, key, parent=f"{key}-received",
        **message("accepted", offset),
    )  # fmt: skip


def test_case_1_one_trace_from_rest_to_sink():
    one = Play()
    ingress(one, "T1", offset=7)
    one.add("process", "enricher", CONSUMER, "T1", parent="T1-accepted", called="accepted process",
            **message("accepted", 7))  # fmt: skip
    one.add("publish", "enricher", PRODUCER, "T1", parent="process", **message("enriched", 3))
    one.add("put", "sink", CONSUMER, "T1", parent="publish", called="enriched process",
            **message("enriched", 3))  # fmt: skip
    [journey] = always(one).values()
    assert list(steps(journey)) == ["received", "accepted", "enriched", "published", "reported"]
    assert len(journey["legs"]) == 4
    assert journey["status"] == "done"
    assert journey["complete"]


def batch_poll(keyed: bool = True) -> Play:
    """Case 2, as the Java agent with receive telemetry sends it."""
    one = Play()
    for key in ("T1", "T2", "T3"):
        ingress(one, key, keyed=keyed)
    one.add("poll", "enricher", CONSUMER, "poll", called="accepted receive",
            **message("accepted"))  # fmt: skip
    for key in ("T1", "T2", "T3"):
        one.add(f"{key}-process", "enricher", CONSUMER, "poll", parent="poll",
                links=[f"{key}-accepted"], called="accepted process",
                **message("accepted"))  # fmt: skip
        one.add(f"{key}-publish", "enricher", PRODUCER, "poll", parent=f"{key}-process",
                **({} if keyed else {"trade.id": key}), **message("enriched"))  # fmt: skip
    return one


def test_case_2_batch_poll():
    journeys = always(batch_poll())
    assert journeys.keys() == {"T1", "T2", "T3"}
    for key, journey in journeys.items():
        assert steps(journey) == {
            "received": ("key", 1, 1),
            "accepted": ("ancestry", 1, 1),
            "enriched": ("link", 1, 1),
            "published": ("ancestry", 1, 1),
        }
        assert journey["spans"] == 5  # with the poll, which the three share
        assert len(journey["traces"]) == 2, key


def test_case_16_the_key_appears_only_behind_the_batch():
    journeys = always(batch_poll(keyed=False))
    assert journeys.keys() == {"T1", "T2", "T3"}
    for journey in journeys.values():
        assert steps(journey) == {
            "received": ("ancestry", 1, 1),
            "accepted": ("link", 1, 1),
            "enriched": ("ancestry", 1, 1),
            "published": ("key", 1, 1),
        }


def test_case_2_a_poll_whose_links_name_the_messages():
    """The newest conventions: the poll links to all producers, and so does each process span."""
    one = Play()
    for number, key in enumerate(("T1", "T2")):
        ingress(one, key, offset=number)
    accepted = [(f"T{n + 1}-accepted", message("accepted", n)) for n in range(2)]
    one.add("poll", "enricher", CLIENT, "poll", called="poll accepted", links=accepted,
            **{"messaging.operation.type": "receive"})  # fmt: skip
    for n, key in enumerate(("T1", "T2")):
        one.add(f"{key}-process", "enricher", CONSUMER, "poll", parent="poll",
                links=[accepted[n]], called="process accepted",
                **message("accepted", n))  # fmt: skip
    journeys = always(one)
    assert {key: steps(j)["enriched"] for key, j in journeys.items()} == dict.fromkeys(
        ("T1", "T2"), ("link", 1, 1)
    )
    assert [j["spans"] for j in journeys.values()] == [4, 4]


def test_cases_3_and_12_one_put_ends_many_journeys():
    one = Play()
    for key in ("T1", "T2", "T3"):
        one.add(f"{key}-in", "gateway", SERVER, key, **{"trade.id": key})
        one.add(f"{key}-out", "enricher", PRODUCER, key, parent=f"{key}-in", **message("enriched"))
    one.add("put", "sink", CONSUMER, "put", called="enriched process",
            links=[f"T{n}-out" for n in (1, 2, 3)])  # fmt: skip
    one.add("insert", "sink", CLIENT, "put", parent="put")
    journeys = always(one)
    assert {key: steps(j)["reported"] for key, j in journeys.items()} == dict.fromkeys(
        ("T1", "T2", "T3"), ("link", 3, 1)
    )
    assert {j["status"] for j in journeys.values()} == {"done"}


def test_a_span_shared_by_many_is_stored_once_whether_it_came_first_or_last():
    one = Play()
    for key in ("T1", "T2", "T3"):
        one.add(f"{key}-in", "gateway", SERVER, key, **{"trade.id": key})
        one.add(f"{key}-out", "enricher", PRODUCER, key, parent=f"{key}-in", **message("enriched"))
    one.add("query", "sink", CLIENT, "put", parent="put")
    one.add("put", "sink", CONSUMER, "put", called="enriched process",
            links=[f"T{n}-out" for n in (1, 2, 3)])  # fmt: skip
    for _ in range(2):
        send(one, size=1)
        assert steps(told()["T2"])["reported"] == ("link", 3, 1)
        expire_parked(now=NOW + timedelta(hours=2))
        assert stored("put") == 1
        one.spans.reverse()


def stored(name: str) -> int:
    """How often a span is at rest, whatever block it lies in."""
    place = (trace_id(name), span_id(name))
    return sum(
        (span.trace_id, span.span_id) == place
        for block in models.SpanBlock.objects.all()
        for span in blocks.unpack(bytes(block.data), [trace_id(name)])
    )


def test_a_batch_that_nobody_can_take_apart_makes_no_wrong_event():
    """The sink knows the keys of a batch, the producers none: which message is whose?"""
    one = Play()
    for key in ("T1", "T2"):
        ingress(one, key, keyed=False)
    one.add("put", "sink", CONSUMER, "put", called="enriched process",
            links=["T1-accepted", "T2-accepted"], **{"trade.id": ["T1", "T2"]})  # fmt: skip
    journeys = always(one)
    assert {key: list(steps(j)) for key, j in journeys.items()} == {
        "T1": ["reported"],
        "T2": ["reported"],
    }


def restarted(topic: str, offset: int | None, key: dict[str, str]) -> Play:
    """Case 4: the consumer starts a new trace, and says where its message was."""
    one = Play()
    ingress(one, "T1", offset=41)
    one.add("process", "enricher", CONSUMER, "T1-later", called=f"{topic} process",
            **message(topic, offset), **key)  # fmt: skip
    one.add("work", "enricher", INTERNAL, "T1-later", parent="process")
    one.add("publish", "enricher", PRODUCER, "T1-later", parent="work", **message("enriched", 5))
    one.add("put", "sink", CONSUMER, "T1-last", called="enriched process",
            **message("enriched", 5))  # fmt: skip
    return one


def test_case_4_lost_context_is_joined_by_the_message():
    [journey] = always(restarted("accepted", 41, {})).values()
    assert steps(journey) == {
        "received": ("key", 1, 1),
        "accepted": ("ancestry", 1, 1),
        "enriched": ("message", 1, 1),
        "published": ("ancestry", 1, 1),
        "reported": ("message", 1, 1),
    }
    assert len(journey["traces"]) == 3
    assert journey["status"] == "done"


@pytest.mark.parametrize("offset", [40, None])
def test_another_message_joins_nothing(offset):
    [journey] = always(restarted("accepted", offset, {}), seeds=2).values()
    assert list(steps(journey)) == ["received", "accepted"]


def test_case_5_no_context_and_no_offsets_but_the_key():
    [journey] = always(restarted("accepted", None, {"trade.id": "T1"})).values()
    assert steps(journey)["enriched"] == ("key", 1, 1)
    assert journey["status"] == "done"


def test_two_readers_of_one_message_are_of_one_event():
    """The producer says no offset; one reader hangs under it, the other has lost its context."""
    one = Play()
    ingress(one, "T1")
    one.add("process", "enricher", CONSUMER, "T1", parent="T1-accepted", called="accepted process",
            **message("accepted", 9))  # fmt: skip
    one.add("audit", "sink", CONSUMER, "audit", called="accepted process",
            **message("accepted", 9))  # fmt: skip
    [journey] = always(one).values()
    assert steps(journey)["reported"] == ("message", 1, 1)


def test_the_key_of_a_late_reader_reaches_all_that_read_the_message():
    one = Play()
    ingress(one, "T1", keyed=False)
    one.add("process", "enricher", CONSUMER, "T1", parent="T1-accepted", called="accepted process",
            **message("accepted", 9))  # fmt: skip
    one.add("audit", "sink", CONSUMER, "audit", called="accepted process",
            **message("accepted", 9))  # fmt: skip
    one.add("store", "sink", CLIENT, "audit", parent="audit", **{"trade.id": "T1"})
    [journey] = always(one).values()
    assert list(steps(journey)) == ["received", "accepted", "enriched", "reported"]


def test_case_22_a_reader_that_began_before_its_writer():
    one = Play()
    ingress(one, "T1")
    one.add("process", "enricher", CONSUMER, "later", called="accepted process", at=0.05, took=1,
            links=["T1-accepted"], **message("accepted"))  # fmt: skip
    [journey] = always(one).values()
    assert steps(journey)["enriched"] == ("link", 1, 1)
    assert min(leg["waiting_ms"] for leg in journey["legs"]) >= 0


def test_case_21_two_flows_share_spans_over_several_traces():
    document = """\
flow: orders
event_key: [order.id]
steps:
  - {step: placed, role: ingress, match: {kind: server, service: gateway}}
  - {step: sent, role: sink, match: {kind: consumer, service: sink}, after: [placed]}
---
flow: trades
event_key: [trade.id]
steps:
  - {step: received, role: ingress, match: {kind: server, service: gateway}}
  - {step: reported, role: sink, match: {kind: consumer, service: sink}, after: [received]}
"""
    one = Play()
    one.add("in", "gateway", SERVER, "a", **{"trade.id": "T1", "order.id": "O1"})
    one.add("out", "gateway", PRODUCER, "a", parent="in", **message("enriched"))
    one.add("put", "sink", CONSUMER, "b", called="enriched process", links=["out"])
    journeys = always(one, document)
    assert {key: (j["flow"], j["status"]) for key, j in journeys.items()} == {
        "O1": ("orders", "done"),
        "T1": ("trades", "done"),
    }
