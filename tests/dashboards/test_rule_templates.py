"""The shelf of templates: found by words, with its next deadlines, one click from the editor."""

import pytest

from dashboards.deadline_text import with_deadline
from dashboards.template_shelf import shown
from slatrack.domain.calendars import Calendars
from slatrack.domain.rule_templates import shelf
from slatrack.tracking import flows
from slatrack.tracking.models import RuleVersion
from tests.dashboards.signed_in import client
from tests.factories import NOON
from tests.trades import DOCUMENT

pytestmark = pytest.mark.django_db

PAGE = "/rules/templates/"
GDPR = "gdpr-article-33-72-hours"


@pytest.fixture
def author():
    flows.save(DOCUMENT, now=NOON)
    return client("author")


@pytest.mark.parametrize("one", shelf(), ids=lambda one: one.name)
def test_each_has_a_sentence_and_five_deadlines(one):
    found = shown(one, Calendars.shipped(), now=NOON)
    assert len(found.tried) == 5
    assert all(due.due_at for _, due in found.tried)
    assert "None" not in found.sentence
    assert "kind" not in found.sentence


def test_one_is_shown_with_its_source_and_its_deadlines(author):
    page = author.get(f"{PAGE}finra-trace-15-minutes").content.decode()
    assert "Not legal advice" in page
    assert "FINRA Rule 6730(a)(1)" in page
    assert page.count('<time datetime="') >= 10
    assert "Good Friday" in page


def test_words_narrow_the_list_and_choose_the_first(author):
    page = author.get(PAGE, {"q": "breach aware", "flow": "trade-reporting"}).content.decode()

    assert f"{PAGE}{GDPR}?q=breach+aware&amp;flow=trade-reporting" in page
    assert "Within 72 h of the event&#x27;s aware_time" in page
    assert "TRACE" not in page
    nothing = author.get(PAGE, {"q": "<b>zzz"}).content.decode()
    assert "No template holds “&lt;b&gt;zzz”" in nothing


def test_while_typing_only_the_shelf_is_drawn(author):
    htmx = {"HX-Request": "true", "HX-Target": "shelf"}
    page = author.get(PAGE, {"q": "sepa"}, headers=htmx).content.decode()
    assert page.startswith('<div class="shelf"')
    assert "<html" not in page


def test_one_click_fills_the_editor_and_saves_nothing(author):
    answer = author.get(f"{PAGE}{GDPR}/use", {"flow": "trade-reporting"})
    assert answer.url == f"/flows/trade-reporting/new-deadline?template={GDPR}"
    page = author.get(answer.url)

    form = page.context["form"]
    assert form.initial["name"] == "Personal data breach within 72 hours"
    assert form.initial["until"] == "reported"
    assert "not saved yet" in page.content.decode()
    assert "must reach reported within 72 h" in page.content.decode()
    assert RuleVersion.objects.count() == 1

    sent = {**form.initial, "base": "1", "do": "save"}
    author.post("/flows/trade-reporting/new-deadline", sent)
    saved = RuleVersion.objects.get(version=1, name=form.initial["name"])
    assert saved.document["rule"]["amount"] == "PT72H"
    assert saved.why.startswith("Regulation (EU) 2016/679")


@pytest.mark.parametrize("one", shelf(), ids=lambda one: one.name)
def test_each_makes_a_good_document(one):
    [flow] = flows.check(with_deadline(DOCUMENT, None, one.entry("reported")))
    assert flow.deadlines[-1].name == one.title


def test_what_is_not_there_is_said(author):
    assert author.get(f"{PAGE}nothing").status_code == 404
    assert author.get(f"{PAGE}{GDPR}/use", {"flow": "nowhere"}).status_code == 404
    plain = author.get("/flows/trade-reporting/new-deadline", {"template": "nothing"})
    assert plain.context["template"] is None


def test_who_may_not_change_may_look():
    viewer = client("viewer")
    page = viewer.get(PAGE)
    assert page.status_code == 200
    assert "Begin a deadline" not in page.content.decode()
    assert viewer.get(f"{PAGE}{GDPR}/use").status_code == 403
    assert client("").get(PAGE).status_code == 403


def test_an_author_without_a_flow_is_sent_to_add_one():
    assert "There is no flow to use it in yet" in client("author").get(PAGE).content.decode()
