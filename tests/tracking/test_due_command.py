import io
import json
from datetime import UTC, date, datetime

import pytest
from django.core.management import CommandError, call_command

from slatrack.tracking import closures

RULE = {"kind": "duration", "from": "attr:traded", "amount": "PT15M", "warn": [{"before": "PT5M"}]}
START = "2026-06-15T14:30:00Z"


def run(*arguments):
    out = io.StringIO()
    call_command("due", *arguments, stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def rule_file(tmp_path):
    path = tmp_path / "rule.json"
    path.write_text(json.dumps(RULE))
    return str(path)


@pytest.fixture
def batch(monkeypatch):
    def run_batch(entries):
        text = entries if isinstance(entries, str) else json.dumps(entries)
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        return run("--batch")

    return run_batch


def test_a_template_is_tried_without_a_file():
    found = run("--template", "cat-t1-0800", "--start", "2026-06-18T18:00:00Z")
    assert found["due_at"] == "2026-06-22T12:00:00.000Z"
    assert "Juneteenth" in found["reason"]


def test_one_rule(rule_file):
    assert run(rule_file, "--start", START) == {
        "due_at": "2026-06-15T14:45:00.000Z",
        "warnings": ["2026-06-15T14:40:00.000Z"],
        "reason": None,
    }


def test_attributes_replace_the_start(rule_file):
    traded = json.dumps({"traded": "2026-06-15T16:00:00.000001+02:00"})
    found = run(rule_file, "--start", START, "--attributes", traded)
    assert found["due_at"] == "2026-06-15T14:15:00.000001Z"


def test_an_attribute_given_as_null_is_not_known(rule_file):
    found = run(rule_file, "--start", START, "--attributes", '{"traded": null}')
    assert found == {
        "due_at": None,
        "warnings": [],
        "reason": "attribute traded is not known",
    }


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "give RULE.json or --template NAME, and --start; or --batch"),
        (("--template", "nothing", "--start", START), "--template: there is no 'nothing'"),
        (("missing.json", "--start", START), "missing.json: cannot be read"),
        (("RULE", "--start", "2026-06-15"), "--start: '2026-06-15' has no time zone"),
        (("RULE", "--start", "soon"), "--start: 'soon' is no RFC 3339 time: write it as"),
        (("RULE", "--start", START, "--attributes", "{"), "--attributes: is not JSON"),
        (("RULE", "--start", START, "--attributes", "[]"), "attributes: must be an object"),
    ],
)
def test_what_is_wrong_is_said(rule_file, arguments, why):
    with pytest.raises(CommandError) as refused:
        call_command("due", *(rule_file if part == "RULE" else part for part in arguments))
    assert str(refused.value).startswith(why)
    assert refused.value.returncode == 1


def test_a_bad_rule_names_its_field(tmp_path):
    path = tmp_path / "bad.json"
    path.write_text(json.dumps({**RULE, "amount": "P1D"}))
    with pytest.raises(CommandError, match=r"rule\.amount: 'P1D' counts days"):
        call_command("due", str(path), "--start", START)


def test_a_file_that_is_nested_too_deep_is_refused(tmp_path):
    path = tmp_path / "deep.json"
    path.write_text("[" * 100_000)
    with pytest.raises(CommandError, match="is not JSON"):
        call_command("due", str(path), "--start", START)


def test_a_batch_answers_entry_by_entry(batch):
    found = batch(
        [
            {"id": "good", "rule": RULE, "start_utc": START},
            {"id": "bad", "rule": {**RULE, "from": "yesterday"}, "start_utc": START},
            {"id": "no zone", "rule": RULE, "start_utc": "2026-06-15T14:30:00"},
            {"id": "odd", "rule": RULE, "start_utc": START, "attributes": 3},
            "not an object",
        ]
    )
    assert [entry["id"] for entry in found] == ["good", "bad", "no zone", "odd", None]
    assert [entry["due_at"] for entry in found] == ["2026-06-15T14:45:00.000Z", *[None] * 4]
    assert found[1]["reason"].startswith("rule.from: must be ingress")
    assert found[2]["reason"].startswith("start_utc: '2026-06-15T14:30:00' has no time zone")
    assert found[3]["reason"] == "attributes: must be an object"


def test_instants_that_are_listed_are_all_there_are(batch):
    rules = [{**RULE, "from": "attr:known"}, {**RULE, "from": "attr:not_yet"}]
    entry = {"start_utc": START, "attributes_utc": {"known": "2026-06-15T10:00:00Z"}}
    [first, last] = batch(
        [{"id": k, "rule": {"kind": k, "of": rules}, **entry} for k in ("earliest", "latest")]
    )
    assert first["due_at"] == "2026-06-15T10:15:00.000Z"
    assert last["reason"] == "attribute not_yet is not known"


@pytest.mark.parametrize("text", ["", "{}", "[1,"])
def test_a_batch_must_be_a_list(batch, text):
    with pytest.raises(CommandError, match="standard input: "):
        batch(text)


@pytest.mark.django_db
def test_with_the_days_that_were_closed_here(tmp_path):
    rule = {
        "kind": "cutoff",
        "from": "ingress",
        "base": {"tz": "America/New_York", "roll": "none"},
        "add": {"unit": "business_day", "n": 1, "calendar": "XNYS"},
        "at": {"time": "18:00", "tz": "America/New_York"},
    }
    path = tmp_path / "rule.json"
    path.write_text(json.dumps(rule))
    closures.add("XNYS", date(2026, 6, 16), "flood", by=None, now=datetime(2026, 6, 15, tzinfo=UTC))

    assert run(str(path), "--start", START)["due_at"] == "2026-06-16T22:00:00.000Z"
    assert run(str(path), "--start", START, "--closures")["due_at"] == "2026-06-17T22:00:00.000Z"
