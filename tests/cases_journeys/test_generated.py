"""Generated pipelines with random faults: statuses, gaps and the times of legs equal the truth.

gateway -> `accepted` -> enricher -> `enriched` -> sink. The enricher's clock may be behind, spans
may be lost on their way to us, records are tried again, batches are polled long before there is
anything in them, and platforms write topics of their own. The truth is worked out in seconds from
how the world is made, never from its spans.
"""

from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.cases_journeys.play import CLIENT, CONSUMER, PRODUCER, SERVER, Play, message, play, steps

pytestmark = pytest.mark.django_db

WAYS = ("parent", "link", "message", "key")
APART, POLLED, AGAIN = 5.0, 40.0, 1.0  # seconds between events, that a poll lasts, until a retry


class Event(NamedTuple):
    """What happens to one event: how long it waits at each hop, how often it is tried."""

    waits: tuple[float, float]
    attempts: int
    stuck: bool  # it never comes to the sink
    lost: bool  # the span that sends it to the enricher is never exported


class World(NamedTuple):
    """How the services work together."""

    events: tuple[Event, ...]
    hops: tuple[str, str]  # how a consumer's spans are tied to the producer's
    polls: bool  # the enricher's records come under one receive span
    behind: float  # the enricher's clock, in seconds
    late_key: bool  # the gateway does not know the key

    @property
    def polled(self) -> bool:
        """Whether the enricher's spans are below the poll's."""
        return self.polls and self.hops[0] != "parent"

    def knows(self, service: str) -> bool:
        """Whether a service knows the key: no event is whole where nothing leads on."""
        needed = {"gateway": (0,), "enricher": (0, 1), "sink": (1,)}[service]
        told = service == ("enricher" if self.late_key else "gateway")
        return told or any(self.hops[hop] == "key" for hop in needed)


class Truth(NamedTuple):
    """When things really begin, in seconds by the clock of who does them."""

    received: float
    enriched: float
    published: float
    reported: float


def truth(world: World, number: int) -> Truth:
    event, begin = world.events[number], number * APART
    tried = (POLLED if world.polled else begin + 0.3) + event.waits[0]
    published = tried + (event.attempts - 1) * AGAIN + 0.4
    late = -world.behind
    reported = published + 0.1 + event.waits[1]
    return Truth(begin, tried + late, published + late, reported)


def legs(world: World, number: int) -> dict[tuple[str, str], tuple[float, float, float]]:
    """Return waiting, working and skew of each leg, in milliseconds.

    A message waits until it is its turn, also behind others of its batch; a poll counts for none.
    """
    event, at = world.events[number], truth(world, number)
    sent = at.received + 0.3
    waited = max(0.0, at.enriched - sent)
    first, begun = ("received", at.received) if event.lost else ("accepted", at.received + 0.2)
    whole = max(0.0, at.enriched - begun)
    found = {
        (first, "enriched"): (min(waited, whole), whole - min(waited, whole),
                              max(0.0, begun - at.enriched)),
        ("enriched", "published"): (0.0, at.published - at.enriched, 0.0),
    }  # fmt: skip
    if not event.lost:
        found["received", "accepted"] = (0.0, 0.2, 0.0)
    if not event.stuck:
        found["published", "reported"] = (at.reported - at.published - 0.1, 0.1, 0.0)
    return {leg: tuple(1000 * part for part in parts) for leg, parts in found.items()}


class Pipeline(Play):
    """A world as its services would send it."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.keys = [f"T{number}" for number in range(len(world.events))]
        if world.polls:
            self.add("poll", "enricher", CONSUMER, "poll", called="accepted receive",
                     at=-3.0 - world.behind, took=POLLED + 3, **message("accepted"))  # fmt: skip
        for number, key in enumerate(self.keys):
            at = truth(world, number)
            self._ingress(key, number, at)
            self._enrich(key, number, at)
            if not world.events[number].stuck:
                self._report(key, number, at)
        self.add("check", "gateway", SERVER, "health")  # nobody's

    def _said(self, service: str, key: str) -> dict[str, str]:
        return {"trade.id": key} if self.world.knows(service) else {}

    def _ingress(self, key: str, number: int, at: Truth) -> None:
        self.add(f"{key}-in", "gateway", SERVER, key, at=at.received, took=0.3,
                 **self._said("gateway", key))  # fmt: skip
        self._at[f"{key}-accepted"] = key
        if not self.world.events[number].lost:
            self.add(f"{key}-accepted", "gateway", PRODUCER, key, parent=f"{key}-in",
                     at=at.received + 0.2, took=0.1, **message("accepted", number))  # fmt: skip

    def _enrich(self, key: str, number: int, at: Truth) -> None:
        way, event = self.world.hops[0], self.world.events[number]
        trace, root = ("poll", "poll") if self.world.polls else (f"{key}-e", "")
        if way == "parent":
            trace, root = key, f"{key}-accepted"
        place = message("accepted", number if way == "message" else None)
        for attempt in range(event.attempts):
            last = attempt + 1 == event.attempts
            self.add(f"{key}-try-{attempt}", "enricher", CONSUMER, trace, parent=root,
                     links=[f"{key}-accepted"] if way == "link" else [], took=0.6,
                     at=at.enriched + attempt * AGAIN, called="accepted process",
                     status={"code": 1 if last else 2}, **place,
                     **self._said("enricher", key))  # fmt: skip
        inner = {"parent": f"{key}-try-{attempt}", "at": at.published}
        self.add(f"{key}-select", "enricher", CLIENT, trace, took=0.3, **inner)
        self.add(f"{key}-log", "enricher", PRODUCER, trace, **inner,
                 **message("app-store-changelog", number))  # fmt: skip
        self.add(f"{key}-enriched", "enricher", PRODUCER, trace, took=0.1, **inner,
                 **message("enriched", number))  # fmt: skip

    def _report(self, key: str, number: int, at: Truth) -> None:
        way, sent = self.world.hops[1], f"{key}-enriched"
        trace, root = (self._at[sent], sent) if way == "parent" else (f"{key}-s", "")
        self.add(f"{key}-put", "sink", CONSUMER, trace, parent=root, called="enriched process",
                 links=[sent] if way == "link" else [], at=at.reported, took=0.5,
                 **message("enriched", number if way == "message" else None),
                 **self._said("sink", key))  # fmt: skip


@st.composite
def worlds(draw: Any) -> World:
    hops = (draw(st.sampled_from(WAYS)), draw(st.sampled_from(WAYS)))
    found = []
    for _ in range(draw(st.integers(1, 3))):
        waits = draw(st.sampled_from([0.0, 0.4, 7.0])), draw(st.sampled_from([0.0, 0.4, 7.0]))
        # What names the writer leads on without it; a place that nobody wrote leads nowhere.
        lost = hops[0] != "message" and draw(st.booleans())
        found.append(Event(waits, draw(st.integers(1, 3)), draw(st.booleans()), lost))
    return World(tuple(found), hops, draw(st.booleans()), draw(st.sampled_from([0.0, 5.0])),
                 draw(st.booleans()))  # fmt: skip


SLOW = Event((7.0, 0.4), 2, False, False)


@example(World((SLOW, SLOW), ("link", "message"), True, 0.0, False), 1)
@example(World((SLOW,), ("parent", "link"), False, 5.0, True), 2)
@example(World((SLOW._replace(lost=True), SLOW), ("link", "parent"), False, 0.0, False), 3)
@example(World((SLOW._replace(lost=True, stuck=True),), ("link", "parent"), True, 0.0, True), 4)
@given(worlds(), st.integers(0, 10**6))
def test_whatever_fails_the_journeys_tell_what_really_happened(world: World, seed: int):
    pipeline = Pipeline(world)

    journeys = play(pipeline, seed=seed)

    assert sorted(journeys) == pipeline.keys
    for number, key in enumerate(pipeline.keys):
        event, one = world.events[number], journeys[key]
        absent = ({"accepted"} if event.lost else set()) | ({"reported"} if event.stuck else set())
        assert one["status"] == ("in_flight" if event.stuck else "done")
        assert {gap["step"] for gap in one["gaps"]} == absent
        assert one["complete"] == (not event.lost or world.hops[0] == "key")
        assert steps(one)["enriched"][2] == event.attempts
        found = {(leg["from"], leg["to"]): leg for leg in one["legs"]}
        for ends, times in legs(world, number).items():
            leg = found.pop(ends)
            told = (leg["waiting_ms"], leg["working_ms"], leg["skew_ms"])
            assert leg["partial"] == (event.lost and ends[1] == "enriched")
            assert told == pytest.approx(times, abs=0.01), ends
        assert found == {}
