"""What is typical of events, and which of them is most like all."""

from slatrack.domain.typical import Length, Took, typical

SECOND = 10**9
IN, OUT, ASIDE = ("in", "mid"), ("mid", "out"), ("in", "aside")


def event(key, *, working=1, waiting=2, out=4, **more):
    legs = {IN: Length(working * SECOND, waiting * SECOND), OUT: Length(out * SECOND, 0)}
    return Took(key, (working + waiting + out) * SECOND, {**legs, **more.get("legs", {})})


def test_medians_of_each_leg_and_of_the_whole():
    found = typical([event("a"), event("b", waiting=3), event("c", waiting=900)])
    assert found is not None
    assert (found.count, found.whole) == (3, 8 * SECOND)
    assert found.legs[IN].length == Length(SECOND, 3 * SECOND)
    assert found.legs[OUT] == (3, Length(4 * SECOND, 0), 4 * SECOND)


def test_what_nearly_all_took_is_one_that_was_really_seen():
    found = typical([event(f"{n:02}", out=n) for n in range(1, 21)])
    assert found is not None
    assert found.legs[OUT].most == 19 * SECOND
    assert found.most == 22 * SECOND


def test_the_nearest_is_most_like_the_medians_not_by_its_sum():
    swapped = event("b", working=3, waiting=4, out=0)  # as long as the others, but on other legs
    found = typical([event("a"), swapped, event("c"), event("d", out=40)])
    assert found is not None
    assert found.nearest == "a"


def test_a_leg_that_few_take_is_not_usual_and_makes_its_event_unlike():
    rare = {"legs": {ASIDE: Length(SECOND, 0)}}
    found = typical([event("a", **rare), event("b"), event("c")])
    assert found is not None
    assert [leg for leg in found.legs if found.is_usual(leg)] == [IN, OUT]
    assert found.nearest == "b"


def test_of_events_on_their_way_nothing_is_typical():
    assert typical([Took("a", None, {})]) is None
    assert typical([]) is None
