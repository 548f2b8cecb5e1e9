"""Deadlines out of one flow and into another as YAML."""

import pytest
import yaml

from slatrack.tracking import flows
from slatrack.tracking.models import Flow, RuleVersion
from tests.dashboards.signed_in import client
from tests.factories import NOON
from tests.trades import DOCUMENT

pytestmark = pytest.mark.django_db

EXPORT, IMPORT = (f"/flows/trade-reporting/{end}" for end in ("deadlines.yaml", "import-deadlines"))
STRICTER = """
deadlines:
  - deadline: report within 15 minutes
    rule: {kind: duration, from: ingress, amount: PT10M}
    until: reported
  - deadline: enrich quickly
    rule: {kind: duration, from: ingress, amount: PT1M}
    until: enriched
"""


@pytest.fixture
def author():
    flows.save(DOCUMENT, why="the law", now=NOON)
    return client("author")


def test_what_is_exported_says_who_when_why_and_can_be_imported_unchanged(author):
    text = author.get(EXPORT).content.decode()

    assert "# version 1; a command, 2026-11-20T12:00:00+00:00: the law" in text
    [entry] = yaml.safe_load(text)["deadlines"]
    assert entry == RuleVersion.objects.get().document
    author.post(IMPORT, {"document": text, "base": "1", "do": "save"})
    assert RuleVersion.objects.count() == 1, "nothing differs, so there is no new version"


def test_comparing_shows_what_would_change_and_saves_nothing(author):
    page = author.post(IMPORT, {"document": STRICTER, "base": "1", "do": "check"}).content.decode()

    assert "PT10M" in page
    assert "enrich quickly" in page
    assert RuleVersion.objects.count() == 1


def test_each_that_differs_becomes_a_version_with_its_reason(author):
    author.post(IMPORT, {"document": STRICTER, "base": "1", "do": "save", "why": "from test"})

    found = RuleVersion.objects.order_by("name", "version").values_list("name", "version", "why")
    assert list(found) == [
        ("enrich quickly", 1, "from test"),
        ("report within 15 minutes", 1, "the law"),
        ("report within 15 minutes", 2, "from test"),
    ]
    assert "asset.class" in Flow.objects.get().document, "the rest of the flow stays"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("deadlines: [", "line"),
        ("nonsense", "as an export has them"),
        ("deadlines: [{rule: {}}]", "as an export has them"),
        ("flow: other\ndeadlines: [{deadline: x}]", "for another flow"),
        (STRICTER.replace("PT10M", "1 day"), "amount"),
        (STRICTER.replace("until: enriched", "until: nowhere"), "nowhere"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(author, text, reason):
    answer = author.post(IMPORT, {"document": text, "base": "1", "do": "save"})

    assert answer.status_code == 422
    assert reason in str(answer.context["form"].errors) or reason == "line"
    assert RuleVersion.objects.count() == 1


def test_a_flow_that_changed_meanwhile_is_not_overwritten(author):
    answer = author.post(IMPORT, {"document": STRICTER, "base": "0", "do": "save"})

    assert "somebody changed this flow meanwhile" in answer.content.decode()
    assert RuleVersion.objects.count() == 1


def test_who_may_look_may_export_and_not_import(author):
    viewer = client("viewer")

    assert viewer.get(EXPORT).status_code == 200
    assert viewer.get(IMPORT).status_code == 403
    assert client("").get(EXPORT).status_code == 403
