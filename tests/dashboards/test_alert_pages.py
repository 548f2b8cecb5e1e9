import pytest
from django.utils import timezone

from slatrack.alerting.models import Alert, Attempt, Channel, Delivery, Incident, IncidentChange
from slatrack.tracking.models import Outlook
from tests.dashboards.incidents import incident
from tests.dashboards.signed_in import client
from tests.factories import NOON, flow, journey, minutes

pytestmark = pytest.mark.django_db

HOSTILE = "<img src=x onerror=alert(1)>"


def states():
    return sorted(Incident.objects.values_list("step", "state"))


def test_nothing_open_is_said_calmly():
    assert "Nothing needs you now" in client("viewer").get("/alerts/").content.decode()
    assert client("").get("/alerts/").status_code == 403


def test_each_state_has_its_tab_with_its_count():
    incident(step="one")
    incident(step="two")
    incident(step="three", state="resolved")
    browser = client("viewer")

    opened = browser.get("/alerts/").content.decode()
    resolved = browser.get("/alerts/?state=resolved").content.decode()

    assert 'Open <span class="faint">2</span>' in opened
    assert 'Resolved <span class="faint">1</span>' in opened
    assert ("<strong>one</strong>" in opened, "<strong>three</strong>" in opened) == (True, False)
    assert "<strong>three</strong>" in resolved


def test_what_matches_no_filter_offers_to_clear_it():
    flow("payments")
    incident()

    page = client("viewer").get("/alerts/?flow=payments").content.decode()

    assert "Show all flows" in page


def test_one_click_acknowledges_one():
    one, _other = incident(step="one"), incident(step="two")
    browser = client("operator")

    answer = browser.post("/alerts/act", {"ack": one.pk, "back": "/alerts/?flow=trade-reporting"})

    assert answer["Location"] == "/alerts/?flow=trade-reporting"
    assert states() == [("one", "acknowledged"), ("two", "open")]


def test_many_are_acknowledged_at_once_with_the_reason():
    rows = [incident(step=str(n)) for n in range(3)]
    browser = client("operator")

    chosen = {"incident": [row.pk for row in rows], "do": "ack", "why": "known", "back": "/alerts/"}
    page = browser.post("/alerts/act", chosen, follow=True).content.decode()

    assert "3 incidents acknowledged." in page
    assert set(IncidentChange.objects.values_list("after", "why")) == {("acknowledged", "known")}


def test_snooze_and_resolve():
    one, two = incident(step="one"), incident(step="two")
    browser = client("operator")

    browser.post("/alerts/act", {"incident": one.pk, "do": "snooze", "minutes": "15"})
    browser.post("/alerts/act", {"incident": two.pk, "do": "resolve"})

    assert states() == [("one", "snoozed"), ("two", "resolved")]


@pytest.mark.parametrize("body", [{}, {"do": "ack"}, {"incident": "x", "do": "ack"}])
def test_choosing_nothing_does_nothing_and_says_so(body):
    incident()

    page = client("operator").post("/alerts/act", body, follow=True).content.decode()

    assert "Nothing was done" in page
    assert states() == [("routed", "open")]


def test_who_may_not_act_sees_no_buttons_and_is_refused():
    row, viewer = incident(), client("viewer")

    assert "Acknowledge</button>" not in viewer.get("/alerts/").content.decode()
    assert viewer.post("/alerts/act", {"ack": row.pk}).status_code == 403
    assert states() == [("routed", "open")]


def test_going_back_stays_on_this_site():
    answer = client("operator").post("/alerts/act", {"ack": 1, "back": "https://evil.example/"})

    assert answer["Location"] == "/alerts/"


def test_an_incident_shows_its_events_and_everything_that_was_done_and_sent():
    row = incident()
    one = journey(key=HOSTILE, verdict="missed")
    Alert.objects.create(
        journey=one,
        incident=row,
        deadline=one.deadline,
        version=1,
        rung="missed",
        severity="critical",
        at=NOON,
        decided_at=NOON,
        late=False,
    )
    IncidentChange.objects.create(
        incident=row, at=NOON, before="open", after="acknowledged", why=HOSTILE
    )
    channel = Channel.objects.create(name="desk", kind="email", created_at=NOON)
    delivery = Delivery.objects.create(
        key="k",
        channel=channel,
        incident=row,
        news="opened",
        message={"data": {"sentence": f"{HOSTILE} is late"}},
        created_at=NOON,
        decided_at=NOON,
    )
    Attempt.objects.create(
        delivery=delivery, number=1, at=NOON, ok=False, error="refused", duration_ms=12
    )

    page = client("operator").get(f"/alerts/incidents/{row.pk}").content.decode()

    assert HOSTILE not in page
    assert "stuck after <strong>routed</strong>" in page
    assert page.count("&lt;img src=x") >= 3
    assert "refused" in page
    assert client("viewer").get("/alerts/incidents/999").status_code == 404


def test_events_of_an_incident_come_in_pages(monkeypatch):
    monkeypatch.setattr("dashboards.views.alerts.EVENTS", 2)
    row = incident()
    for number in range(3):
        one = journey(key=f"T{number}", due_at=NOON + minutes(number))
        Alert.objects.create(
            journey=one,
            incident=row,
            deadline=one.deadline,
            version=1,
            rung="missed",
            severity="critical",
            at=NOON,
            decided_at=NOON,
            late=False,
        )
    browser = client("viewer")

    first = browser.get(f"/alerts/incidents/{row.pk}").content.decode()
    second = browser.get(f"/alerts/incidents/{row.pk}?from=2").content.decode()

    assert [k for k in ("T0", "T1", "T2") if f">{k}<" in first] == ["T0", "T1"]
    assert "?from=2" in first
    assert [k for k in ("T0", "T1", "T2") if f">{k}<" in second] == ["T2"]


def test_an_incident_says_who_else_will_miss_its_deadline_while_it_is_live():
    now = timezone.now()
    row = incident()
    Outlook.objects.create(
        flow=row.flow, deadline=row.deadline, until="reported", at=now, read_to=now, events=500,
        waiting=412, misses=3.4, pace=1.0, observed=0, expected=48.0, stopped_at=now,
        first_due_at=now, last_due_at=now + minutes(17),
    )  # fmt: skip
    browser = client("viewer")
    said = "412 events in flight will miss the same deadline between"

    assert said in browser.get(f"/alerts/incidents/{row.pk}").content.decode()
    Incident.objects.update(state="resolved", resolved_at=now)
    assert said not in browser.get(f"/alerts/incidents/{row.pk}").content.decode()
