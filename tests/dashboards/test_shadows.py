"""Shadows in the browser: begun from the editor, seen beside the rule in force, promoted."""

from datetime import UTC, datetime, timedelta

import pytest

from slatrack.tracking import shadowing
from slatrack.tracking.models import RuleVersion, Shadow
from tests.dashboards.recorded import save_flow, trade
from tests.dashboards.signed_in import client

pytestmark = pytest.mark.django_db

NAME = "report within 15 minutes"
EDIT = f"/flows/trade-reporting/deadlines/{NAME}/edit"


@pytest.fixture
def author():
    save_flow(now=datetime.now(UTC) - timedelta(days=1))
    return client("author")


def begun(author, amount="30 s", **changed):
    page = author.get(EDIT)
    version = page.context["flow"].version
    initial = {**page.context["form"].initial, "do": "shadow", "base": version, "why": "new law"}
    answer = author.post(EDIT, {**initial, "amount": amount, **changed})
    return answer, Shadow.objects.order_by("id").last()


def judged(row):
    """Let it have begun an hour ago, with two events since."""
    then = datetime.now(UTC) - timedelta(hours=1)
    Shadow.objects.filter(pk=row.pk).update(since=then, judged_to=then)
    trade("T-<b>SLOW</b>", ago=3000)
    shadowing.look_at_all(now=datetime.now(UTC))


def test_from_the_editor_to_what_differs(author):
    answer, row = begun(author)
    assert answer.url == f"/shadows/{row.pk}"
    assert "No event has started since" in author.get(answer.url).content.decode()
    judged(row)

    page = author.get(answer.url).content.decode()

    assert "1 of 1 event comes out otherwise" in page
    assert "T-&lt;b&gt;SLOW&lt;/b&gt;" in page
    assert "must reach reported within 30 s of ingress" in page
    assert "must reach reported within 15 min of ingress" in page
    assert RuleVersion.objects.count() == 1
    for place in ("/rules/", EDIT):
        assert answer.url in author.get(place).content.decode()


def test_promoted_it_is_a_version_with_who_why_and_from_when(author):
    _, row = begun(author)
    begin = (datetime.now(UTC) + timedelta(days=2)).replace(second=0, microsecond=0)
    sent = {"effective_from": begin.strftime("%Y-%m-%dT%H:%M"), "why": "it was quiet"}

    answer = author.post(f"/shadows/{row.pk}/promote", sent)

    assert answer.url == f"/flows/trade-reporting/deadlines/{NAME}/versions".replace(" ", "%20")
    rule = RuleVersion.objects.get(version=2)
    assert (rule.document["rule"]["amount"], rule.effective_from) == ("PT30S", begin)
    assert (rule.by.username, rule.why) == ("author", "it was quiet")
    row.refresh_from_db()
    assert (row.state, row.ended_by.username) == ("promoted", "author")
    again = author.post(f"/shadows/{row.pk}/promote", follow=True)
    assert "promoted or discarded it meanwhile" in again.content.decode()
    assert RuleVersion.objects.count() == 2


def test_promoted_without_a_date_it_holds_from_now_and_says_what_it_was(author):
    _, row = begun(author)
    author.post(f"/shadows/{row.pk}/promote", {"why": ""})
    rule = RuleVersion.objects.get(version=2)
    assert rule.effective_from >= row.since
    assert "judging silently since" in rule.why


def test_what_cannot_be_promoted_stays_a_shadow_and_says_why(author):
    _, row = begun(author, amount="15 min")
    page = author.post(f"/shadows/{row.pk}/promote", {"effective_from": "soon"}, follow=True)
    assert "The date cannot be read" in page.content.decode()
    page = author.post(f"/shadows/{row.pk}/promote", follow=True)
    assert "says the same already" in page.content.decode()
    row.refresh_from_db()
    assert (row.state, RuleVersion.objects.count()) == ("running", 1)


def test_discarded_it_stays_to_be_read(author):
    _, row = begun(author)
    page = author.post(f"/shadows/{row.pk}/discard", {"why": "too strict"}, follow=True)
    said = page.content.decode()
    assert "too strict" in said
    assert "Discarded</b>" in said
    assert "Promote</button>" not in said


def test_there_is_one_of_each_deadline(author):
    begun(author)
    answer, _ = begun(author)
    assert answer.status_code == 422
    assert "has a shadow already" in answer.content.decode()


def test_who_may(author):
    _, row = begun(author)
    viewer = client("viewer")
    assert viewer.get(f"/shadows/{row.pk}").status_code == 200
    assert viewer.post(f"/shadows/{row.pk}/promote").status_code == 403
    assert viewer.post(f"/shadows/{row.pk}/discard").status_code == 403
    assert client("").get(f"/shadows/{row.pk}").status_code == 403
    assert author.get("/shadows/999").status_code == 404
