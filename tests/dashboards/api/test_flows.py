import pytest
from django.utils import timezone

from slatrack.tracking import flows
from tests.dashboards.signed_in import client
from tests.factories import NOON, flow, journey, minutes
from tests.trades import DOCUMENT

pytestmark = pytest.mark.django_db


def test_flows_come_with_live_counts():
    now = timezone.now()
    journey(due_at=now + minutes(9), warn_at=now + minutes(4))
    journey(due_at=now + minutes(3), warn_at=now - minutes(4))
    journey(due_at=now - minutes(1), warn_at=now - minutes(4), verdict="missed")
    flow("quiet")

    [quiet, trades] = client("viewer").get("/api/flows").json()["items"]

    assert (quiet["flow"], quiet["in_flight"], quiet["next_due_at"]) == ("quiet", 0, None)
    assert (trades["in_flight"], trades["at_risk"], trades["late"]) == (3, 1, 1)
    assert trades["next_due_at"] is not None


def test_one_flow_has_its_document_and_deadlines_in_force():
    flows.save(DOCUMENT, now=NOON)

    found = client("viewer").get("/api/flows/trade-reporting").json()

    assert found["document"] == DOCUMENT.strip() + "\n"
    assert [one["version"] for one in found["deadlines"]] == [1]
    assert found["deadlines"][0]["document"]["until"] == "reported"
