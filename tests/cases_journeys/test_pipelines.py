"""Generated pipelines with random losses of context: the journeys equal the generator's truth."""

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cases_journeys.play import CONSUMER, PRODUCER, SERVER, Play, message, play, steps

pytestmark = pytest.mark.django_db

WAYS = ("parent", "link", "message", "key")  # how a consumer's spans are tied to the producer's


class World(NamedTuple):
    """A pipeline: gateway, topic `accepted`, enricher, topic `enriched`, sink."""

    events: int
    hops: tuple[str, str]
    polls: bool  # the enricher's records come under one receive span
    one_put: bool  # the sink takes all records by one span with links
    keyed_at: str  # the only service that knows the key, unless a hop needs it on both sides
    attempts: tuple[int, ...]  # of each event at the enricher, the last one good


@st.composite
def worlds(draw: Any) -> World:
    events = draw(st.integers(1, 4))
    return World(
        events,
        (draw(st.sampled_from(WAYS)), draw(st.sampled_from(WAYS))),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.sampled_from(("gateway", "enricher"))),
        tuple(draw(st.lists(st.integers(1, 3), min_size=events, max_size=events))),
    )


class Pipeline(Play):
    """A world as its services would send it."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.keys = [f"T{number}" for number in range(world.events)]
        for number, key in enumerate(self.keys):
            self._ingress(key, number)
        if world.polls:
            self.add("poll", "enricher", CONSUMER, "poll", called="accepted receive",
                     **message("accepted"))  # fmt: skip
        for number, key in enumerate(self.keys):
            self._enrich(key, number)
        self._report()

    def _said(self, service: str, key: str, hop: int | None = None) -> dict[str, str]:
        """The key, where this service knows it: it is told, or no other way leads on."""
        knows = service == self.world.keyed_at or (
            hop is not None and self.world.hops[hop] == "key"
        )
        return {"trade.id": key} if knows else {}

    def _ingress(self, key: str, number: int) -> None:
        needs = 0 if self.world.hops[0] == "key" else None
        self.add(f"{key}-in", "gateway", SERVER, key, **self._said("gateway", key, needs))
        self.add(f"{key}-accepted", "gateway", PRODUCER, key, parent=f"{key}-in",
                 **message("accepted", number))  # fmt: skip

    def _enrich(self, key: str, number: int) -> None:
        way = self.world.hops[0]
        trace, root = ("poll", "poll") if self.world.polls else (f"{key}-e", "")
        if way == "parent":
            trace, root = key, f"{key}-accepted"
        needs = next((hop for hop in (0, 1) if self.world.hops[hop] == "key"), None)
        for attempt in range(self.world.attempts[number]):
            last = attempt + 1 == self.world.attempts[number]
            self.add(
                f"{key}-try-{attempt}", "enricher", CONSUMER, trace, parent=root,
                links=[f"{key}-accepted"] if way == "link" else [],
                called="accepted process", status={"code": 1 if last else 2},
                **message("accepted", number if way == "message" else None),
                **self._said("enricher", key, needs),
            )  # fmt: skip
        self.add(f"{key}-enriched", "enricher", PRODUCER, trace, parent=f"{key}-try-{attempt}",
                 **message("enriched", number))  # fmt: skip

    def _report(self) -> None:
        if self.world.one_put:
            links = [f"{key}-enriched" for key in self.keys]
            self.add("put", "sink", CONSUMER, "put", links=links, called="enriched process",
                     **message("enriched"))  # fmt: skip
            return
        way = self.world.hops[1]
        for number, key in enumerate(self.keys):
            produced = self._at[f"{key}-enriched"]
            trace, root = (produced, f"{key}-enriched") if way == "parent" else (f"{key}-s", "")
            self.add(
                f"{key}-put", "sink", CONSUMER, trace, parent=root,
                links=[f"{key}-enriched"] if way == "link" else [], called="enriched process",
                **message("enriched", number if way == "message" else None),
                **self._said("sink", key, 1),
            )  # fmt: skip


@given(worlds(), st.integers(0, 10**6))
def test_whatever_context_is_lost_each_event_is_one_whole_journey(world: World, seed: int):
    pipeline = Pipeline(world)

    journeys = play(pipeline, seed=seed)

    assert sorted(journeys) == pipeline.keys
    shared = world.events if world.one_put else 1
    for number, key in enumerate(pipeline.keys):
        found = steps(journeys[key])
        assert {step: attempts for step, (_, _, attempts) in found.items()} == {
            "received": 1,
            "accepted": 1,
            "enriched": world.attempts[number],
            "published": 1,
            "reported": 1,
        }
        assert found["reported"][1] == shared
        assert journeys[key]["status"] == "done"


@pytest.mark.parametrize("first", WAYS)
@pytest.mark.parametrize("second", WAYS)
@pytest.mark.parametrize("keyed_at", ["gateway", "enricher"])
def test_context_stripped_at_each_hop_in_turn_shows_how_it_was_joined(first, second, keyed_at):
    world = World(2, (first, second), False, False, keyed_at, (1, 1))

    for key, journey in play(Pipeline(world), seed=1).items():
        how = {step: by for step, (by, _, _) in steps(journey).items()}
        assert journey["status"] == "done", key
        joined = {"parent": "ancestry", "key": "key"}
        assert how["reported"] == joined.get(second, second)
        if keyed_at == "gateway" and "key" not in (first, second):
            assert how["enriched"] == joined.get(first, first)


def test_what_is_told_to_a_trace_that_was_not_seen_yet_waits_for_it():
    one = Play()
    one.add("in", "gateway", SERVER, "T1")
    one.add("accepted", "gateway", PRODUCER, "T1", parent="in", **message("accepted"))
    one.add("process", "enricher", CONSUMER, "e", links=["accepted"], called="accepted process",
            **message("accepted"), **{"trade.id": "T1"})  # fmt: skip
    one.spans.reverse()  # the key comes first, with a link into the unknown, and nothing after it

    [journey] = play(one, seed=None, size=1).values()

    assert list(steps(journey)) == ["received", "accepted", "enriched"]
