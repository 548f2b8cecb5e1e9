"""`manage.py load_flow`: what is wrong is said with file, line, field, reason; nothing changes."""

import io

import pytest
from django.core.management import CommandError, call_command

from slatrack.tracking.models import Flow, FlowVersion, RuleVersion
from tests.trades import DOCUMENT

pytestmark = pytest.mark.django_db

LINES = DOCUMENT.splitlines()


def line_of(text):
    return next(n for n, line in enumerate(LINES, 1) if text in line)


def load(tmp_path, *texts, **options):
    files = []
    for number, text in enumerate(texts):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text)
        files.append(str(path))
    out = io.StringIO()
    call_command("load_flow", *files, stdout=out, **options)
    return out.getvalue()


def refused(tmp_path, *texts):
    with pytest.raises(CommandError) as caught:
        load(tmp_path, *texts)
    assert caught.value.returncode == 1
    assert not Flow.objects.exists()
    message = str(caught.value)
    assert message.startswith("nothing was changed:\n")
    return message


WRONG = [
    ("after: [accepted]", "after: [nowhere]", "steps[2].after", "unknown step 'nowhere'; there is"),
    ("until: reported", "until: nowhere", "deadlines[0].until", "unknown step 'nowhere'"),
    ("from: ingress, ", "", "rule", "from"),
    ("from: ingress", 'from: "step:nowhere"', "rule", "unknown step 'nowhere'"),
    ("role: ingress, ", "", "rule", "counts from ingress, but no step has role: ingress"),
    ("step: accepted", "step: received", "steps[1].step", "'received' is there twice"),
    ("step: accepted", f"step: {'x' * 101}", "steps[1].step", "at most 100 characters"),
    ("kind: producer", "kind: [{a: b}]", "steps[1].match.kind", "unknown kind"),
    ("kind: producer", "kind: {a: b}", "steps[1].match.kind", "unknown kind"),
    ("PT15M", "P1D", "rule.amount", "counts days"),
    ("flow: trade-reporting", "flow: größe", "flow", "use letters, digits"),
    ("title: Equity trade reports", 'title: "a\\0b"', "title", "NUL"),
    ("title: Equity trade reports", "title: !!int x", "title", "invalid literal"),
    ("title: Equity trade reports", "title: [", "", "is no YAML"),
    ("attributes: [asset.class]", "atributes: []", "atributes", "unknown field"),
    ("attributes: [asset.class]", "[a]: b", "", "a name must be a plain text"),
    ("severity: critical", "grace: -PT5S", "deadlines[0].grace", "must not be negative"),
]
ELSEWHERE = {  # the line that is told, where it is not the one that was changed
    "role: ingress, ": "rule: {kind",
    "title: [": "attributes: [",
    "title: !!int x": "title: Equity",
}


@pytest.mark.parametrize(("right", "wrong", "field", "reason"), WRONG)
def test_a_wrong_document_is_refused_with_its_place(tmp_path, right, wrong, field, reason):
    message = refused(tmp_path, DOCUMENT.replace(right, wrong, 1))
    said = [line for line in message.splitlines() if reason in line]
    assert said, message
    assert field in said[0]
    assert said[0].startswith(f"{tmp_path}/0.yaml, line ")
    line = int(said[0].split(", line ")[1].split(":")[0])
    assert line == line_of(ELSEWHERE.get(wrong or right, right))


def test_a_flow_that_is_there_twice_is_refused_in_one_file_or_two(tmp_path):
    assert "'trade-reporting' is there twice" in refused(tmp_path, f"{DOCUMENT}---\n{DOCUMENT}")
    assert "is in" in refused(tmp_path, DOCUMENT, DOCUMENT)


@pytest.mark.parametrize("text", ["", "[" * 20_000, "a: &a [*a]", "\x00", "- " * 3000])
def test_hostile_and_empty_texts_are_refused(tmp_path, text):
    assert "0.yaml, line 1" in refused(tmp_path, text)


def test_one_wrong_file_keeps_all_out(tmp_path):
    other = DOCUMENT.replace("flow: trade-reporting", "flow: other")
    refused(tmp_path, other, DOCUMENT.replace("PT15M", "soon"))


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(CommandError, match=r"nowhere\.yaml cannot be read") as caught:
        call_command("load_flow", "nowhere.yaml")
    assert caught.value.returncode == 1


def test_what_changed_is_said(tmp_path):
    assert "trade-reporting: added, version 1" in load(tmp_path, DOCUMENT, why="x" * 501)
    assert "unchanged" in load(tmp_path, DOCUMENT)
    said = load(tmp_path, DOCUMENT.replace("PT15M", "PT10M").replace("accepted", "taken"))
    assert "changed, version 2" in said
    assert "step 'taken' added" in said
    assert "step 'accepted' removed" in said
    assert "deadline 'report within 15 minutes' version 2 for events from" in said
    assert FlowVersion.objects.count() == RuleVersion.objects.count() == 2
    assert FlowVersion.objects.get(version=1).why == "x" * 500


def test_check_changes_nothing(tmp_path):
    assert "nothing is wrong" in load(tmp_path, DOCUMENT, check=True)
    assert not Flow.objects.exists()


def test_changed_deadlines_may_hold_from_a_date_of_their_own(tmp_path):
    load(tmp_path, DOCUMENT)
    changed = DOCUMENT.replace("PT15M", "PT20M")
    with pytest.raises(CommandError, match="'2027-01-01' is no RFC 3339 time with a zone"):
        load(tmp_path, changed, effective_from="2027-01-01")

    said = load(tmp_path, changed, effective_from="2027-01-01T00:00:00+01:00")

    assert "for events from 2026-12-31 23:00:00 UTC on" in said
    rule = "{kind: duration, from: ingress, amount: PT1S}"
    more = f"{changed.rstrip()}\n  - {{deadline: x, rule: {rule}, until: reported}}\n"
    with pytest.raises(CommandError, match="--effective-from: a deadline that is new"):
        load(tmp_path, more, effective_from="2020-01-01T00:00:00Z")
    assert RuleVersion.objects.count() == 2
