"""Rules: the list, and the editor of one deadline."""

import pytest

from slatrack.tracking import flows
from slatrack.tracking.models import Flow, RuleVersion
from tests.dashboards.signed_in import client
from tests.factories import NOON
from tests.trades import DOCUMENT

pytestmark = pytest.mark.django_db

FLOW = "/flows/trade-reporting"
CUTOFF = """
kind: cutoff
from: ingress
base: {tz: UTC}
add: {unit: calendar_day, n: 0}
at: {time: 18:30, tz: UTC}
"""


@pytest.fixture
def author():
    flows.save(DOCUMENT, now=NOON)
    return client("author")


@pytest.fixture
def name(author):
    return RuleVersion.objects.get().name


def fields(**changed):
    return {
        "name": "quickly",
        "until": "reported",
        "shape": "simple",
        "amount": "5 min",
        "start": "ingress",
        "warn": "50 %, 1 min before",
        "severity": "warning",
        "why": "asked for",
        "base": "1",
        "do": "save",
        **changed,
    }


def newest(name):
    return RuleVersion.objects.filter(name=name).order_by("-version").first()


def test_a_new_deadline_is_a_rule_version_of_the_flow(author):
    answer = author.post(f"{FLOW}/new-deadline", fields(when="asset.class = equity, bond"))

    assert answer.status_code == 302
    rule = newest("quickly")
    assert (rule.version, rule.by.username, rule.why) == (1, "author", "asked for")
    assert rule.document == {
        "deadline": "quickly",
        "rule": {
            "kind": "duration",
            "from": "ingress",
            "amount": "PT5M",
            "warn": [{"fraction": 0.5}, {"before": "PT1M"}],
        },
        "until": "reported",
        "when": {"asset.class": ["equity", "bond"]},
        "severity": "warning",
    }
    assert "deadline: quickly" in Flow.objects.get().document


def test_changing_one_keeps_the_version_before(author, name):
    author.post(f"{FLOW}/deadlines/{name}/edit", fields(name=name, amount="20 min"))

    versions = RuleVersion.objects.filter(name=name).order_by("version")
    assert [v.document["rule"]["amount"] for v in versions] == ["PT15M", "PT20M"]
    assert versions[1].effective_from is not None


def test_the_form_shows_what_is_in_force(author, name):
    page = author.get(f"{FLOW}/deadlines/{name}/edit").content.decode()

    assert 'value="15 min"' in page
    assert "must reach reported within 15 min of ingress" in page
    assert author.get(f"{FLOW}/deadlines/unknown/edit").status_code == 404


def test_any_rule_can_be_written_as_a_document(author):
    author.post(f"{FLOW}/new-deadline", fields(shape="document", rule=CUTOFF))

    assert newest("quickly").document["rule"]["at"] == {"time": "18:30", "tz": "UTC"}
    page = author.get(f"{FLOW}/deadlines/quickly/edit").content.decode()
    assert "by 18:30 UTC the same day" in page
    again = author.post(
        f"{FLOW}/deadlines/quickly/edit",
        fields(shape="document", rule=CUTOFF.replace("18:30", "19:00"), base="2"),
    )
    assert again.status_code == 302
    assert newest("quickly").document["rule"]["at"]["time"] == "19:00"


@pytest.mark.parametrize(
    ("changed", "field", "reason"),
    [
        ({"amount": "1 day"}, "amount", "write e.g. 15 min"),
        ({"amount": ""}, "amount", "write e.g. 15 min"),
        ({"warn": "soon"}, "warn", "is no warning"),
        ({"until": "nowhere"}, "until", "not one of the available choices"),
        ({"start": "attr"}, "attribute", "name the attribute"),
        ({"when": "venue"}, "when", "write attribute = value"),
        ({"grace": "-5 s"}, "grace", "negative"),
        ({"name": ""}, "name", "required"),
        ({"name": "report within 15 minutes"}, "name", "there twice"),
        ({"shape": "document", "rule": "{kind: soon}"}, "rule", "soon"),
        ({"shape": "document", "rule": "{kind: ["}, "rule", "line 1"),
        ({"shape": "document", "rule": ""}, "rule", ""),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_saves_nothing(author, changed, field, reason):
    answer = author.post(f"{FLOW}/new-deadline", fields(**changed))

    assert answer.status_code == 422
    assert reason in " ".join(answer.context["form"].errors[field])
    assert RuleVersion.objects.count() == 1


def test_the_preview_says_when_and_saves_nothing(author):
    starts = "2026-11-20T12:00+00:00\nnonsense"
    answer = author.post(
        f"{FLOW}/new-deadline",
        fields(do="check", starts=starts),
        headers={"HX-Request": "true"},
    )

    page = answer.content.decode()
    assert '<time datetime="2026-11-20T12:05:00.000Z"' in page
    assert "no time: write e.g." in page
    assert "<html" not in page
    assert RuleVersion.objects.count() == 1


def test_a_flow_that_changed_meanwhile_is_not_overwritten(author):
    flows.save(DOCUMENT.replace("PT15M", "PT20M"), now=NOON)

    answer = author.post(f"{FLOW}/new-deadline", fields(base="1"))

    assert answer.status_code == 422
    assert "somebody changed this flow meanwhile" in answer.content.decode()
    assert newest("quickly") is None


def test_a_retired_deadline_stays_in_history(author, name):
    author.post(f"{FLOW}/deadlines/{name}/retire", {"why": "repealed"})

    assert newest(name).retired_at is not None
    assert name not in Flow.objects.get().document
    assert "retired" in author.get("/rules/").content.decode()


def test_who_may_not_change_may_look():
    flows.save(DOCUMENT, now=NOON)
    viewer = client("viewer")

    assert "within 15 min" in viewer.get("/rules/").content.decode()
    assert viewer.get(f"{FLOW}/new-deadline").status_code == 403
    assert viewer.post(f"{FLOW}/deadlines/x/retire").status_code == 403
