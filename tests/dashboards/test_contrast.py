"""The page and the operation that compare two cohorts of a flow's events."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dashboards import queries_contrast
from slatrack.tracking import flows
from slatrack.tracking.models import Flow
from tests.dashboards.recorded import record, save_flow, step_span
from tests.dashboards.signed_in import client
from tests.factories import NOON, deadline, journey, minutes
from tests.trades import DOCUMENT

pytestmark = pytest.mark.django_db

PAGE, API = "/flows/trade-reporting/different", "/api/flows/trade-reporting/different"
HOSTILE = "<script>alert(1)</script>"
AGO = timedelta(hours=2)


@pytest.fixture
def trades():
    flows.save(DOCUMENT, now=NOON)
    return Flow.objects.get()


def ended(flow, seconds, *, late=False, ago=AGO, version=1, **attributes):
    start = timezone.now() - ago
    row = journey(
        flow=flow,
        status="done",
        verdict="missed" if late else "met",
        started_at=start,
        ended_at=start + timedelta(seconds=seconds),
        attributes=attributes,
    )
    deadline(row, version=version)
    return row


def some(flow, count, *, seconds=60, **fields):
    return [ended(flow, seconds, **fields) for _ in range(count)]


def late_equities(flow):
    """40 late events, nearly all equities, and 60 on time that are mostly bonds."""
    some(flow, 36, seconds=1000, late=True, **{"asset.class": "equity"})
    some(flow, 4, seconds=1000, late=True, **{"asset.class": "bond"})
    some(flow, 10, **{"asset.class": "equity"})
    some(flow, 50, **{"asset.class": "bond"})


def ask(role="viewer", **query):
    return client(role).get(API, query).json()


def test_what_late_ones_have_in_common_stands_first_with_its_numbers(trades):
    late_equities(trades)

    page = client("viewer").get(PAGE).content.decode()

    assert "90.0 % of the late ones have this: asset.class is equity." in page
    assert "Of those on time 16.7 % have it." in page
    assert "36 of 40" in page
    assert "10 of 60" in page
    assert "below 0.0001" in page
    assert 'href="/flows/trade-reporting/journeys/' in page


def test_the_same_for_programs(trades):
    late_equities(trades)

    found = ask()

    [top] = found["more"]
    assert (top["first_events"], top["first_of"], top["second_events"]) == (36, 40, 10)
    assert (top["kind"], top["name"], top["value"]) == ("attribute", "asset.class", "equity")
    assert top["ratio"] == pytest.approx(5.4)
    assert top["ratio_interval"][0] > 2.5
    assert (top["p"] < 1e-6, top["test"], len(top["examples"])) == (True, "g", 3)
    assert (found["first"]["events"], found["second"]["events"]) == (40, 60)
    assert (found["first"]["p50_seconds"], found["second"]["p50_seconds"]) == (1000, 60)


def test_of_many_a_random_sample_is_looked_into_and_counts_stay_whole(trades, monkeypatch):
    monkeypatch.setattr(queries_contrast, "SAMPLE", 30)
    late_equities(trades)

    found, again = ask(), ask(role="operator")

    assert (found["second"]["events"], found["second"]["sample"]) == (60, 30)
    assert found["more"][0]["first_of"] == 30
    assert found["more"] == again["more"], "the same question has the same answer"
    page = client("admin").get(PAGE).content.decode()
    assert "all else is of a random sample of each cohort" in page


def test_before_and_after_an_instant_whatever_the_zone(trades):
    some(trades, 20, ago=timedelta(hours=3), version=1)
    some(trades, 15, ago=timedelta(hours=1), seconds=120, late=True)
    deploy = timezone.now() - AGO

    found = ask(by="time", a_from=deploy.isoformat())

    assert (found["first"]["name"], found["first"]["events"]) == ("after", 15)
    assert (found["second"]["name"], found["second"]["events"]) == ("before", 20)
    assert (found["first"]["on_time"], found["second"]["on_time"]) == (0, 1)
    low, high = found["on_time_difference"]
    assert -1 <= low < high < -0.7


def test_two_ranges_may_lie_apart(trades):
    now = timezone.now()
    for hours in (2, 4, 6, 8):
        some(trades, hours, ago=timedelta(hours=hours))
    at = {f"h{n}": (now - timedelta(hours=n)).isoformat() for n in (1, 3, 7, 9)}

    found = ask(by="time", a_from=at["h3"], a_to=at["h1"], b_from=at["h9"], b_to=at["h7"])

    assert (found["first"]["events"], found["second"]["events"]) == (2, 8)


def test_two_values_of_an_attribute_and_one_against_the_rest(trades):
    some(trades, 6, release="v2")
    some(trades, 7, release="v1")
    some(trades, 8)

    both = ask(by="attribute", name="release", a="v2", b="v1")
    rest = ask(role="operator", by="attribute", name="release", a="v2")

    assert (both["first"]["events"], both["second"]["events"]) == (6, 7)
    assert (rest["first"]["events"], rest["second"]["events"]) == (6, 15)
    assert both["more"] == [], "what they were chosen by is no finding"


def test_two_versions_of_a_deadline(trades):
    some(trades, 5, version=1)
    some(trades, 6, version=2)
    some(trades, 7, version=3)
    name = "report within 15 minutes"

    both = ask(by="version", deadline=name, a="3", b="1")
    rest = ask(role="operator", by="version", deadline=name, a="3")

    assert (both["first"]["events"], both["second"]["events"]) == (7, 5)
    assert (rest["first"]["events"], rest["second"]["events"]) == (7, 11)


def test_late_for_one_deadline_only(trades):
    row = ended(trades, 60, late=True)
    deadline(row, name="enrich in 1 min", verdict="met")
    ended(trades, 60)

    found = ask(deadline="enrich in 1 min")

    assert (found["first"]["events"], found["second"]["events"]) == (0, 1)
    assert "there are no events of" in found["sentence"]


def test_the_slowest_tenth_where_nothing_was_late(trades):
    some(trades, 90, seconds=10, desk="fx")
    some(trades, 10, seconds=50, desk="rates")

    found = ask(by="slow")

    assert (found["first"]["sample"], found["second"]["sample"]) == (10, 90)
    assert found["more"][0]["value"] == "rates"


def test_ids_are_left_out_by_name(trades):
    for number in range(60):
        ended(trades, 60, late=number % 2 == 0, order=f"O-{number}")

    assert ask()["left_out"] == {"order": "an id: 60 values in 60 events"}
    assert "<b>order</b> was left out: an id" in client("operator").get(PAGE).content.decode()


def test_the_leg_where_late_ones_lose_their_time_is_told():
    now = timezone.now()
    save_flow(now=now - timedelta(hours=3))
    for number in range(24):
        late = number % 2 == 0
        start, wait = now - timedelta(hours=1, seconds=number), 1000 if late else 10
        record(
            step_span(f"T{number}", "received", start),
            step_span(f"T{number}", "accepted", start),
            step_span(f"T{number}", "enriched", start, after=wait + number / 10),
            step_span(f"T{number}", "reported", start, after=wait + 30 + number / 10),
        )

    found = ask()

    [leg] = [one for one in found["legs"] if one["p"] < 0.05]
    assert (leg["step"], leg["waiting"], leg["first_events"]) == ("enriched", True, 12)
    assert 980 < leg["first_median_seconds"] - leg["second_median_seconds"] < 1000
    assert "most in waiting for enriched, 16 min 29 s longer" in found["sentence"]


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"by": "moon"}, "by"),
        ({"by": "time"}, "a_from: say when"),
        ({"by": "time", "a_from": "noon"}, "a_from: no time"),
        ({"by": "attribute"}, "name: name the attribute"),
        ({"by": "attribute", "name": "desk"}, "a: say which value"),
        ({"by": "version", "a": "x", "deadline": "d"}, "a: must be a number"),
        ({"by": "version", "a": "1"}, "deadline: say of which"),
        ({"range": "1y"}, "range"),
    ],
)
def test_what_cannot_be_asked_is_said(trades, query, problem):
    answer = client("viewer").get(API, query)

    assert answer.status_code == 422
    assert problem in answer.json()["detail"]
    if "range" not in query:
        assert client("operator").get(PAGE, query).status_code == 422


def test_nothing_to_compare_says_what_to_do(trades):
    page = client("viewer").get(PAGE).content.decode()

    assert "There is nothing to compare yet." in page
    assert "range=7d" in page


def test_hostile_values_are_text(trades):
    for number in range(20):
        ended(trades, 60, late=number < 10, **{HOSTILE: HOSTILE if number < 10 else "good"})

    query = {"by": "attribute", "name": HOSTILE, "a": HOSTILE}
    for page in (client("viewer").get(PAGE), client("operator").get(PAGE, query)):
        assert HOSTILE not in page.content.decode()
        assert page.status_code == 200


def test_who_may_not_see_events_may_not_compare_them(trades):
    assert client("").get(PAGE).status_code == 403


def test_the_flow_leads_to_it(trades):
    ended(trades, minutes(2).total_seconds())

    assert f"{PAGE}?range=" in client("viewer").get("/flows/trade-reporting/").content.decode()
