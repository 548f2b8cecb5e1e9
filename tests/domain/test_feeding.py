"""Which topics a flow need not wait for: only those that it is known never to be fed by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slatrack.domain.feeding import ENOUGH_EVENTS, ENOUGH_LOOKS, Feeding, apart, reach_sentence

TRADES = Feeding(frozenset({"gateway", "sink"}), ENOUGH_EVENTS)
SPEAKERS = {"equities": {"gateway", "sink"}, "batch": {"ledger"}}
LOOKS = {"equities": ENOUGH_LOOKS, "batch": ENOUGH_LOOKS}


def test_a_topic_on_which_none_of_its_services_speaks_is_not_waited_for():
    assert apart(TRADES, SPEAKERS, LOOKS) == {"batch"}


@pytest.mark.parametrize(
    ("feeding", "speakers", "looks"),
    [
        pytest.param(TRADES._replace(events=ENOUGH_EVENTS - 1), SPEAKERS, LOOKS, id="few events"),
        pytest.param(TRADES._replace(whole=False), SPEAKERS, LOOKS, id="too many services"),
        pytest.param(TRADES._replace(services=frozenset()), SPEAKERS, LOOKS, id="no service"),
        pytest.param(TRADES, {}, LOOKS, id="nobody was heard on any topic"),
        pytest.param(TRADES, {"batch": {"ledger"}}, LOOKS, id="its services came by no topic"),
        pytest.param(
            TRADES, SPEAKERS, LOOKS | {"batch": ENOUGH_LOOKS - 1}, id="a topic hardly read yet"
        ),
        pytest.param(TRADES, SPEAKERS, {"equities": 99}, id="a topic never read to its end"),
        pytest.param(
            TRADES, SPEAKERS | {"batch": {"ledger", "sink"}}, LOOKS, id="one service spoke there"
        ),
    ],
)
def test_all_is_waited_for_where_it_is_not_known(feeding, speakers, looks):
    assert apart(feeding, speakers, looks) == set()


names = st.sampled_from("abcd")


@given(
    services=st.frozensets(names),
    events=st.integers(0, 400),
    speakers=st.dictionaries(st.sampled_from("xyz"), st.sets(names)),
    looks=st.dictionaries(st.sampled_from("xyz"), st.integers(0, 60)),
)
def test_more_that_is_heard_never_sets_another_topic_apart(services, events, speakers, looks):
    feeding = Feeding(services, events)
    before = apart(feeding, speakers, looks)
    for topic in "xyz":
        for service in services:
            heard = {**speakers, topic: {*speakers.get(topic, ()), service}}
            assert topic not in apart(feeding, heard, looks)
            if any(not services.isdisjoint(some) for some in speakers.values()):
                assert apart(feeding, heard, looks) <= before


@pytest.mark.parametrize(
    ("feeding", "looks", "without", "said"),
    [
        (TRADES, {"equities": 60}, (), ""),
        (
            TRADES, LOOKS, {"batch"},
            "Does not wait for batch: none of its 2 services was heard there, in 300 whole events.",
        ),
        (Feeding(), LOOKS, (), "Waits for all topics: 0 of 300 whole events seen yet."),
        (
            TRADES, LOOKS | {"batch": ENOUGH_LOOKS - 1}, (),
            "Waits for all topics: batch must be read to the end for 1 more minute before it is "
            "known who speaks there.",
        ),
        (
            TRADES, LOOKS, (),
            "Waits for all topics: its services are heard on each, in 300 whole events.",
        ),
        (
            TRADES._replace(whole=False), LOOKS, (),
            "Waits for all topics: its events have too many services to keep.",
        ),
    ],
)  # fmt: skip
def test_it_is_said_why(feeding, looks, without, said):
    assert reach_sentence(feeding, looks, without) == said
