"""From rows to forecasts: who is at risk, who will be late, and what came of it."""

from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError

from slatrack.alerting.models import Alert, Incident
from slatrack.alerting.routing import take_up
from slatrack.tracking import forecasting
from slatrack.tracking.models import (
    Deadline,
    Flip,
    Forecast,
    Journey,
    Outlook,
    Source,
    UnroutedFlip,
)
from slatrack.tracking.recorder import record
from tests.away import away
from tests.recorded_flips import recorded
from tests.tracking.forecast_world import (
    DOCUMENT,
    LATER,
    PAST,
    arrive,
    at,
    begin,
    in_force,
    look,
    remember,
    settle,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_force():
    in_force()


def waiting(key: str = "T1", start: float = LATER, *, now: float | None = None, **fields) -> None:
    record(begin(key, start, **fields), now=at(start + 6 if now is None else now))


def risks() -> list[tuple[str, str]]:
    return recorded("before", "after", about="risk")


@pytest.mark.parametrize(
    ("took", "computed", "rests"),
    [(0.05, 0.02, 1.0), (0.3, 0.25, 2.5), (1.0, 0.2, 5.0), (3.0, 0.1, 10.0), (60.0, 9.0, 10.0)],
)
def test_a_look_leaves_most_of_the_time_to_others_and_nobody_takes_it_for_dead(
    took, computed, rests
):
    assert forecasting.rest(took=took, computed=computed) == rests
    assert rests < forecasting.LEASE.total_seconds()


def test_an_event_that_goes_its_usual_way_is_not_at_risk():
    remember()
    waiting()

    assert look(LATER + 10) == 1

    [view] = Outlook.objects.all()
    assert (view.events, view.waiting, view.stopped_at) == (PAST, 1, None)
    assert view.misses < 0.05
    assert risks() == []


def test_an_event_that_waits_too_long_is_at_risk_once_and_told_once():
    remember()
    waiting()

    for seconds in (45, 46, 47, 50):
        look(LATER + seconds)
    take_up(None, now=at(LATER + 50))

    [flip] = Flip.objects.filter(about="risk")
    assert (flip.before, flip.after, flip.deadline) == ("on_track", "at_risk", "within a minute")
    assert "likely to miss" in flip.reason
    [alert] = Alert.objects.all()
    assert (alert.rung, alert.incident.rung) == ("at_risk", "at_risk")
    assert Forecast.objects.get().at_risk


def test_missed_comes_after_at_risk_in_the_same_incident_and_inhibits_it():
    remember()
    waiting()
    look(LATER + 50)
    take_up(None, now=at(LATER + 50))
    settle(LATER + 200)
    take_up(None, now=at(LATER + 200))

    assert list(Alert.objects.order_by("id").values_list("rung", flat=True)) == [
        "at_risk",
        "missed",
    ]
    assert Incident.objects.get().rung == "missed"

    look(LATER + 201)
    assert not Forecast.objects.filter(at_risk=True).exists()
    assert risks() == [("on_track", "at_risk")]


def test_at_risk_that_is_routed_after_missed_is_no_alert():
    remember()
    waiting()
    look(LATER + 50)
    settle(LATER + 200)
    risk = UnroutedFlip.objects.get(about="risk")
    take_up([UnroutedFlip.objects.get(after="missed").pk], now=at(LATER + 200))
    take_up([risk.pk], now=at(LATER + 201))

    assert [one.rung for one in Alert.objects.all()] == ["missed"]


def test_an_arrival_after_all_settles_the_score():
    remember()
    waiting()
    for seconds in (16, 31, 46):
        look(LATER + seconds)
    record(arrive("T1", LATER + 55), now=at(LATER + 56))
    look(LATER + 57)

    row = Forecast.objects.get()
    assert (row.outcome, row.at_risk, row.reached_at) == ("met", False, at(LATER + 55))
    assert [fraction for fraction, _ in row.said] == [0.25, 0.5, 0.75]
    said = [probability for _, probability in row.said]
    assert said == sorted(said)
    flips = recorded("number", "after", "deadline", journey__key="T1")
    assert [one[:2] for one in flips if one[2] == "within a minute"] == [(1, "at_risk"), (2, "met")]


def test_too_little_history_is_no_forecast():
    remember(10)
    waiting()

    assert look(LATER + 50) == 0
    assert Outlook.objects.get().events == 10
    assert risks() == []


def test_telemetry_that_lags_puts_nobody_at_risk(settings):
    remember()
    waiting()
    own = settings.SLATRACK
    topic = own.kafka_topics.split(",")[0].split(":")[0]
    Source.objects.create(
        name="lagging", topic=topic, partition=0, group=own.kafka_group,
        watermark_at=at(LATER + 12), alive_at=at(LATER + 55),
    )  # fmt: skip

    look(LATER + 55)

    assert risks() == []
    assert Outlook.objects.get().read_to == at(LATER + 12)


def test_what_is_known_with_a_delay_is_not_missing_meanwhile():
    """Of these trades each span came ten seconds after the fact."""
    for number in range(PAST):
        start = LATER - 700 + 10 * number
        spans = [*begin(f"D{number}", start), *arrive(f"D{number}", start + 20)]
        record(spans, now=at(start + 30))
    waiting()

    look(LATER + 35)

    view = Outlook.objects.get()
    assert view.at - view.read_to == timedelta(seconds=10)
    assert [fraction for fraction, _ in Forecast.objects.get().said] == [0.25]


def test_while_nothing_arrives_all_that_wait_will_be_late():
    remember()
    for number in range(40):
        waiting(f"S{number}", LATER + number, now=LATER + 45)
    look(LATER + 46)

    [view] = Outlook.objects.all()
    assert view.waiting == 40
    assert view.stopped_at is not None
    assert view.expected <= 40
    assert view.first_due_at == at(LATER + 60)
    assert view.last_due_at == at(LATER + 99)
    assert view.misses > 10


def test_since_when_nothing_arrives_is_known_beyond_the_window_that_the_pace_looks_at():
    remember()
    last = Journey.objects.latest("ended_at").ended_at
    for number in range(40):
        waiting(f"S{number}", LATER + 60 + number, now=LATER + 105)
    look(LATER + 110)

    assert Outlook.objects.get().stopped_at == last
    assert at(LATER + 110) - last > timedelta(seconds=100)


def test_one_event_that_is_stuck_stops_nobody():
    remember()
    waiting()
    for number in range(3):
        waiting(f"S{number}", LATER + 5 * number)
        record(arrive(f"S{number}", LATER + 5 * number + 20), now=at(LATER + 40))
    look(LATER + 50)

    assert Outlook.objects.get().stopped_at is None


def test_a_deadline_can_be_without_at_risk():
    in_force(DOCUMENT.replace("    severity: critical", "    severity: critical\n    at_risk: off"))
    remember()
    waiting()

    assert look(LATER + 55) == 1
    assert risks() == []


def test_a_cohort_with_history_enough_speaks_for_itself():
    remember(120, took=10, every=4, prefix="E", cohort="equity")
    remember(120, took=45, every=4, prefix="B", cohort="bond")
    waiting("fast", attributes={"asset.class": "equity"})
    waiting("slow", attributes={"asset.class": "bond"})

    look(LATER + 30)

    said = {row.journey.key: row.said[-1][1] for row in Forecast.objects.all()}
    assert said["fast"] > said["slow"] > 0


def test_one_process_forecasts_and_another_takes_over_once_it_is_silent():
    assert forecasting.claim("one", now=at(0))
    assert not forecasting.claim("other", now=at(1))
    assert forecasting.claim("one", now=at(6))
    assert not forecasting.claim("other", now=at(16))
    assert forecasting.claim("other", now=at(6) + forecasting.LEASE + timedelta(seconds=1))
    assert not forecasting.claim("one", now=at(23))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("gone")])
def test_a_forecaster_that_ends_while_the_database_is_away_leaves_it_to_its_lease(error, caplog):
    assert forecasting.claim("one", now=at(0))
    with away(error):
        forecasting.let_go("one")

    assert "others forecast only in 15.0 s: gone" in caplog.text
    assert not forecasting.claim("other", now=at(1))
    forecasting.let_go("one")
    assert forecasting.claim("other", now=at(1))


def test_an_event_of_a_version_that_is_no_more_keeps_no_score():
    remember()
    waiting()
    look(LATER + 20)
    Deadline.objects.filter(journey__key="T1").update(version=7)

    look(LATER + 21)

    assert list(Forecast.objects.values_list("version", flat=True)) in ([], [7])
    assert Journey.objects.filter(key="T1").exists()
