from datetime import UTC, datetime, timedelta

import pytest

from slatrack.domain.flow_documents import FlowInvalid, read
from slatrack.domain.forecasts.courses import Passage, course
from slatrack.domain.forecasts.forecast import Forecast, forecast, is_at_risk
from slatrack.domain.forecasts.history import Basis, Spoken
from slatrack.domain.forecasts.pace import Pace
from slatrack.domain.forecasts.sentences import basis_sentence, forecast_sentence, percent

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SPOKEN = Spoken(course([Passage(n / 10, n / 10, True) for n in range(1, 1001)]), Basis(1000))


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def made(waited: float, due: float, **fields) -> Forecast:
    """What remains is spread evenly over 0 to 100 s."""
    return forecast(
        SPOKEN, since=NOON, due_at=NOON + seconds(due), now=NOON + seconds(waited), **fields
    )


def test_a_forecast_of_an_even_spread():
    found = made(0, 90)

    assert found.p_miss == pytest.approx(0.1, abs=0.01)
    assert found.expected_at == pytest.approx(NOON + seconds(50), abs=seconds(1))
    assert found.last_safe_at == pytest.approx(NOON + seconds(90 - 95), abs=seconds(1))


def test_having_waited_it_is_like_those_that_waited_too():
    found = made(60, 90)

    assert found.p_miss == pytest.approx(0.25, abs=0.03)
    assert found.expected_at == pytest.approx(NOON + seconds(80), abs=seconds(2))
    assert found.last_safe_at == pytest.approx(NOON + seconds(90 - 38), abs=seconds(2))


def test_a_slow_pace_puts_off_what_is_expected():
    usual, slow = made(0, 90), made(0, 90, pace=Pace(0.2))

    assert slow.p_miss > 5 * usual.p_miss
    assert slow.expected_at is not None
    assert usual.expected_at is not None
    assert slow.expected_at > usual.expected_at


def test_what_was_seen_later_than_telemetry_was_read_is_where_it_stands():
    assert made(-8, 90) == made(0, 90)


def test_while_the_sink_is_stopped_it_is_late_if_that_lasts_too_long():
    found = made(0, 90, pace=Pace(stopped=270.0))

    assert found.p_miss == pytest.approx((270 / (270 + 90)) ** 1.5)
    assert found.expected_at == pytest.approx(NOON + seconds(158.6), abs=seconds(1))
    assert found.last_safe_at is not None
    assert found.last_safe_at < NOON


def test_at_risk_does_not_flap():
    said = [0.45, 0.55, 0.45, 0.35, 0.29, 0.45, 0.5]
    states, before = [], False
    for one in said:
        before = is_at_risk(one, threshold=0.5, before=before)
        states.append(before)

    assert states == [False, True, True, True, False, False, True]


@pytest.mark.parametrize(
    ("share", "words"),
    [(0, "less than 1 %"), (0.004, "less than 1 %"), (0.384, "38 %"), (0.999, "more than 99 %")],
)
def test_nothing_is_certain(share, words):
    assert percent(share) == words


def test_in_words():
    found = Forecast(NOON, 0.38, NOON + seconds(70), NOON + seconds(9), Basis(812, "equity", 9))

    assert forecast_sentence(found) == (
        "expected 12:01:10 UTC, 38 % likely to miss; last safe moment 12:00:09 UTC"
    )
    passed = found._replace(expected_at=None, last_safe_at=NOON)
    assert forecast_sentence(passed) == (
        "nobody can tell when, 38 % likely to miss; last safe moment 12:00:00 UTC has passed"
    )
    assert basis_sentence(found.basis, attribute="asset.class") == (
        "from 812 past events with asset.class equity that began between 09:00 and 09:59 UTC"
    )
    assert basis_sentence(Basis(40)) == "from 40 past events"


FLOW = {
    "flow": "f",
    "event_key": ["k"],
    "steps": [{"step": "a", "role": "ingress", "match": {"service": "s"}}],
}


def deadline(**fields) -> dict:
    rule = {"kind": "duration", "from": "ingress", "amount": "PT1M"}
    return {**FLOW, "deadlines": [{"deadline": "d", "rule": rule, "until": "a", **fields}]}


@pytest.mark.parametrize(
    ("fields", "threshold"),
    [({}, 0.5), ({"at_risk": 0.3}, 0.3), ({"at_risk": False}, None), ({"at_risk": "off"}, None)],
)
def test_the_threshold_of_a_deadline(fields, threshold):
    flow = read(deadline(**fields), compile_pattern=lambda text: None)

    assert flow.deadlines[0].at_risk == threshold


@pytest.mark.parametrize("wrong", [0, 1, 1.5, -0.1, True, "half"])
def test_a_threshold_that_is_no_probability(wrong):
    with pytest.raises(FlowInvalid, match="probability between 0 and 1"):
        read(deadline(at_risk=wrong), compile_pattern=lambda text: None)


def test_the_attribute_of_cohorts_is_kept():
    flow = read({**FLOW, "cohort": "asset.class"}, compile_pattern=lambda text: None)

    assert "asset.class" in flow.kept
    assert "asset.class" in flow.wanted
