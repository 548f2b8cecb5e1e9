import pytest

from slatrack.tracking import flows
from slatrack.tracking.models import Flow
from tests.dashboards.signed_in import client
from tests.factories import NOON
from tests.trades import DOCUMENT

pytestmark = pytest.mark.django_db

EDIT = "/flows/trade-reporting/edit"
CHANGED = DOCUMENT.replace("PT15M", "PT20M")


@pytest.fixture
def author():
    flows.save(DOCUMENT, now=NOON)
    return client("author")


def post(browser, document, *, base=1, do="save", **more):
    return browser.post(EDIT, {"document": document, "base": base, "do": do, **more})


def test_only_an_author_may_change_a_flow():
    flows.save(DOCUMENT, now=NOON)
    operator = client("operator")

    assert operator.get(EDIT).status_code == 403
    assert post(operator, CHANGED).status_code == 403
    assert operator.get("/new-flow/").status_code == 403
    assert Flow.objects.get().version == 1


def test_saving_makes_a_version_with_who_and_why(author):
    answer = post(author, CHANGED, why="facility hours")

    assert answer.status_code == 302
    row = Flow.objects.get()
    version = row.versions.get(version=2)
    assert (row.version, version.by.username, version.why) == (2, "author", "facility hours")
    assert row.rules.order_by("-version").first().document["rule"]["amount"] == "PT20M"


def test_windows_line_ends_of_the_browser_change_nothing(author):
    post(author, Flow.objects.get().document.replace("\n", "\r\n"))

    assert Flow.objects.get().version == 1


def test_a_bad_document_keeps_the_text_and_names_line_and_reason(author):
    text = DOCUMENT.replace("PT15M", "1 day") + "# my note\n"

    answer = post(author, text)

    page = answer.content.decode()
    line = next(n for n, one in enumerate(text.splitlines(), 1) if "1 day" in one)
    assert answer.status_code == 422
    assert f">line {line}</a>" in page
    assert "# my note" in page
    assert "nothing was saved" in page
    assert Flow.objects.get().version == 1


def test_checking_shows_the_difference_and_saves_nothing(author):
    page = post(author, CHANGED, do="check").content.decode()

    assert "The document is right" in page
    assert 'class="is-removed"' in page
    assert 'class="is-added"' in page
    assert Flow.objects.get().version == 1


def test_the_check_alone_is_a_part_of_the_page(author):
    answer = author.post(
        EDIT,
        {"document": CHANGED, "base": 1, "do": "check"},
        headers={"HX-Request": "true"},
    )

    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()


def test_a_change_by_somebody_else_meanwhile_is_not_overwritten(author):
    flows.save(CHANGED, now=NOON)

    answer = post(author, DOCUMENT.replace("PT15M", "PT30M"), base=1)

    assert answer.status_code == 422
    assert "Somebody saved version 2 meanwhile" in answer.content.decode()
    assert "PT20M" in Flow.objects.get().document


def test_an_edited_flow_keeps_its_name(author):
    answer = post(author, DOCUMENT.replace("flow: trade-reporting", "flow: other"))

    assert "must stay &#x27;trade-reporting&#x27;" in answer.content.decode()
    assert list(Flow.objects.values_list("name", flat=True)) == ["trade-reporting"]


def test_a_new_flow_starts_from_an_example_that_is_right(author):
    page = author.get("/new-flow/")
    text = page.context["draft"].text

    answer = author.post("/new-flow/", {"document": text, "do": "save"})

    assert (answer.status_code, answer["Location"]) == (302, "/flows/my-flow/")
    again = author.post("/new-flow/", {"document": text, "do": "save"})
    assert "exists already" in again.content.decode()


def test_a_version_shows_what_it_changed(author):
    flows.save(CHANGED, why="slower", now=NOON)

    page = author.get("/flows/trade-reporting/versions/2").content.decode()

    assert "slower" in page
    assert "Changes from version 1" in page
    assert author.get("/flows/trade-reporting/versions/9").status_code == 404
