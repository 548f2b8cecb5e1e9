"""The versions of a deadline: what changed, since when, by whom; open events on request."""

from datetime import UTC, datetime, timedelta

import pytest

from slatrack.tracking import flows, sources
from slatrack.tracking.models import RuleDraft, RuleVersion, Source
from slatrack.tracking.watcher import settle_due
from tests.dashboards.recorded import save_flow, trade
from tests.dashboards.signed_in import client
from tests.deadlines import deadline, values

pytestmark = pytest.mark.django_db

FLOW = "/flows/trade-reporting"
NAME = "report within 15 minutes"
VERSIONS = f"{FLOW}/deadlines/{NAME}/versions"


@pytest.fixture
def author():
    save_flow(now=datetime.now(UTC) - timedelta(days=1))
    return client("author")


def edit(author, **changed):
    page = author.get(f"{FLOW}/deadlines/{NAME}/edit")
    version = page.context["flow"].version
    initial = {**page.context["form"].initial, "do": "save", "base": version}
    return author.post(f"{FLOW}/deadlines/{NAME}/edit", {**initial, **changed})


def local(at):
    return at.strftime("%Y-%m-%dT%H:%M")


def test_a_change_from_a_date_says_what_changed_and_for_which_events(author):
    begin = datetime.now(UTC) + timedelta(days=2)
    answer = edit(author, amount="10 min", effective_from=local(begin), why="law of <b>May</b>")

    assert answer.url == VERSIONS.replace(" ", "%20")
    page = author.get(answer.url).content.decode()
    assert "scheduled" in page
    assert "law of &lt;b&gt;May&lt;/b&gt;" in page
    assert "PT10M" in page
    assert "PT15M" in page
    assert RuleVersion.objects.get(version=2).effective_from == begin.replace(
        second=0, microsecond=0
    )


def test_open_events_are_counted_first_and_judged_anew_when_asked(author):
    trade("T-OPEN", "received", "accepted", ago=300)
    trade("T-DONE", ago=300)
    edit(author, amount="2 min", effective_from=local(datetime.now(UTC) - timedelta(hours=1)))
    page = author.get(VERSIONS).content.decode()
    assert "1 open event</b>" in page

    author.post(f"{VERSIONS}/2/recompute")
    settle_due(now=datetime.now(UTC))

    found = values("journey__key", "version", "verdict")
    assert set(found) == {("T-OPEN", 2, "missed"), ("T-DONE", 1, "met")}
    page = author.get(VERSIONS).content.decode()
    assert "judged anew since" in page
    assert "open event</b>" not in page


def test_the_journey_says_by_which_version_it_was_judged(author):
    edit(author, amount="10 min", effective_from=local(datetime.now(UTC) + timedelta(minutes=-1)))
    flows.current()
    trade("T-NEW", "received", ago=0)
    page = author.get(f"{FLOW}/journeys/T-NEW").content.decode()
    assert "/versions#v2" in page
    assert "in force for events from" in page
    assert "Calendars 20" in page


def test_a_new_deadline_cannot_begin_in_the_past(author):
    page = author.get(f"{FLOW}/new-deadline", {"template": "sepa-instant-10-seconds"})
    sent = {**page.context["form"].initial, "do": "save", "base": "1"}
    answer = author.post(f"{FLOW}/new-deadline", {**sent, "effective_from": "2020-01-01T00:00"})
    assert answer.status_code == 422
    assert "holds from now or from later" in answer.content.decode()


def test_a_date_that_is_none_stands_at_its_field(author):
    answer = edit(author, effective_from="soon")
    assert answer.status_code == 422
    assert "effective_from" in answer.context["form"].errors


def test_what_is_not_there_and_who_may_not(author):
    assert author.get(f"{FLOW}/deadlines/nothing/versions").status_code == 404
    assert author.post(f"{VERSIONS}/9/recompute").status_code == 404
    viewer = client("viewer")
    assert viewer.get(VERSIONS).status_code == 200
    assert viewer.post(f"{VERSIONS}/1/recompute").status_code == 403


def test_a_draft_judges_nothing_until_it_is_saved(author):
    begin = datetime.now(UTC) + timedelta(days=3)
    answer = edit(author, amount="1 min", effective_from=local(begin), why="maybe", do="draft")
    assert answer.url == "/rules/"
    assert RuleVersion.objects.count() == 1
    trade("T", ago=120)
    assert deadline().version == 1

    listed = author.get("/rules/").content.decode()
    assert "must reach reported within 1 min of ingress" in listed
    assert "There is a <a" in author.get(f"{FLOW}/deadlines/{NAME}/edit").content.decode()
    page = author.get(f"{FLOW}/deadlines/{NAME}/edit?draft=1")
    form = page.context["form"]
    assert (form.initial["amount"], form.initial["why"]) == ("1 min", "maybe")
    assert local(begin) in page.content.decode()

    edit(author, amount="1 min", do="draft", why="again")  # there is one of each
    edit(author, amount="2 min")
    assert RuleVersion.objects.get(version=2).document["rule"]["amount"] == "PT2M"
    assert not RuleDraft.objects.exists()


def test_a_draft_of_a_new_deadline_is_opened_again_or_discarded(author):
    page = author.get(f"{FLOW}/new-deadline", {"template": "sepa-instant-10-seconds"})
    sent = {**page.context["form"].initial, "do": "draft", "base": "1"}
    author.post(f"{FLOW}/new-deadline", sent)
    name = sent["name"]

    opened = author.get(f"{FLOW}/new-deadline", {"draft": name})
    assert opened.context["form"].initial["name"] == name
    assert client("viewer").post(f"{FLOW}/deadlines/{name}/draft/discard").status_code == 403
    author.post(f"{FLOW}/deadlines/{name}/draft/discard")
    assert not RuleDraft.objects.exists()


def test_what_is_to_come_stands_beside_what_is_in_force(author):
    edit(author, amount="10 min", effective_from=local(datetime.now(UTC) + timedelta(days=2)))

    for page in ("/rules/", f"{FLOW}/", "/flows/"):
        said = author.get(page).content.decode()
        assert "within 15 min" in said
        assert "within 10 min" in said
        assert "scheduled" in said
    deadlines = author.get("/api/flows/trade-reporting").json()["deadlines"]
    assert [(one["version"], one["state"]) for one in deadlines] == [
        (1, "in force"),
        (2, "scheduled"),
    ]
    assert deadlines[0]["effective_until"] == deadlines[1]["effective_from"]


def test_a_flow_says_how_far_its_telemetry_has_been_read(author):
    assert "silence counts after the grace" in author.get(f"{FLOW}/").content.decode()

    read_to = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=7)
    claim = sources.start_replay("here", now=datetime.now(UTC))
    Source.objects.filter(name=claim.name).update(watermark_at=read_to)

    assert "judged with telemetry read to" in author.get(f"{FLOW}/").content.decode()
    shown = author.get("/api/flows/trade-reporting").json()["read_to"]
    assert shown == read_to.isoformat(timespec="milliseconds").replace("+00:00", "Z")
