"""Trying a deadline over history from the editor; what it found; who may."""

from datetime import UTC, datetime, timedelta

import pytest

from slatrack.tracking import backtesting
from slatrack.tracking.models import Backtest, RuleVersion
from tests.dashboards.recorded import save_flow, trade
from tests.dashboards.signed_in import client

pytestmark = pytest.mark.django_db

NAME = "report within 15 minutes"
EDIT = f"/flows/trade-reporting/deadlines/{NAME}/edit"


@pytest.fixture
def author():
    save_flow(now=datetime.now(UTC) - timedelta(days=1))
    trade("T-QUICK", ago=3000)
    trade("T-<b>SLOW</b>", "received", "accepted", "enriched", ago=3000)
    return client("author")


def tried(author, **changed):
    page = author.get(EDIT)
    version = page.context["flow"].version
    initial = {**page.context["form"].initial, "do": "try", "base": version, "within": "7"}
    return author.post(EDIT, {**initial, "amount": "30 s", **changed})


def finished(author, **changed):
    answer = tried(author, **changed)
    row = Backtest.objects.latest("id")
    assert answer.url == f"/backtests/{row.pk}"
    backtesting.carry_on(row.pk, clock=lambda: datetime.now(UTC))
    return row


def test_the_draft_in_the_form_is_tried_and_saves_nothing(author):
    row = finished(author, why="law of May")

    page = author.get(f"/backtests/{row.pk}").content.decode()
    assert "It would miss 2 of 2 events (100 %)" in page
    assert "1 that the rule in force does not" in page
    assert "/flows/trade-reporting/journeys/T-QUICK" in page
    assert "T-&lt;b&gt;SLOW&lt;/b&gt;" in page
    assert "must reach reported within 30 s of ingress" in page
    assert RuleVersion.objects.count() == 1
    assert row.by.username == "author"


def test_charts_state_their_finding_and_have_their_table(author):
    row = finished(author)
    charts = author.get(f"/backtests/{row.pk}").context["charts"]
    margins, alerts = charts
    assert "1 after it" in margins.caption
    assert sum(int(late) for _, _, late in margins.rows) == 1
    assert margins.data[1]["y"].count(1) == 1
    assert "the rule in force gives" in alerts.caption
    assert sum(int(day[2]) for day in alerts.rows) == 2


def test_while_it_runs_the_page_says_how_far_it_is_and_stops_it(author):
    answer = tried(author)
    page = author.get(answer.url).content.decode()
    assert "Waiting for a worker" in page
    assert 'hx-trigger="every 1s"' in page
    row = Backtest.objects.get()
    Backtest.objects.update(state="running", done=1, total=4)
    part = author.get(answer.url, headers={"HX-Request": "true"})
    assert "25.00 %" in part.content.decode()
    assert "HX-Refresh" not in part.headers

    author.post(f"{answer.url}/stop")

    assert author.get(answer.url, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    row.refresh_from_db()
    assert row.state == "stopped"
    assert "Stopped</b> after 1 of 4 events" in author.get(answer.url).content.decode()


def test_it_opens_in_the_editor_again_and_is_tried_again(author):
    row = finished(author)
    page = author.get(f"{EDIT}?backtest={row.pk}")
    assert page.context["form"].initial["amount"] == "30 s"
    assert author.get(f"{EDIT}?backtest=nonsense").status_code == 200

    answer = author.post(f"/backtests/{row.pk}/again")
    assert answer.url == f"/backtests/{Backtest.objects.latest('id').pk}"
    assert Backtest.objects.latest("id").document == row.document


def test_a_deadline_that_is_none_is_refused_at_its_field(author):
    answer = tried(author, amount="soon")
    assert answer.status_code == 422
    assert "amount" in answer.context["form"].errors
    assert not Backtest.objects.exists()


def test_too_many_are_refused_in_the_form(author, monkeypatch):
    monkeypatch.setattr(backtesting, "MOST_OPEN", 0)
    answer = tried(author)
    assert answer.status_code == 422
    assert "stop one" in answer.content.decode()


def test_the_list_says_what_each_found(author):
    assert "No deadline has been tried" in author.get("/backtests/").content.decode()
    finished(author)
    assert "It would miss 2 of 2 events" in author.get("/backtests/").content.decode()


def test_viewers_read_and_nobody_else_does(author):
    row = finished(author)
    viewer = client("viewer")
    assert viewer.get(f"/backtests/{row.pk}").status_code == 200
    assert viewer.get("/backtests/").status_code == 200
    assert viewer.post(f"/backtests/{row.pk}/stop").status_code == 403
    assert viewer.post(f"/backtests/{row.pk}/again").status_code == 403
    nobody = client("")
    assert nobody.get(f"/backtests/{row.pk}").status_code == 403
    assert nobody.get("/backtests/").status_code == 403
    assert author.get("/backtests/999999").status_code == 404
