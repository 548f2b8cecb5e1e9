"""Every template parses, gives its worked examples, and says where it comes from."""

from datetime import date

import pytest

from slatrack.domain.calendars import Calendars
from slatrack.domain.rule_templates import find, search, shelf
from slatrack.domain.rules import due, start_names, supposed

SHELF = {one.name: one for one in shelf()}
EXAMPLES = [
    pytest.param(one, example, id=f"{one.name} {example.start:%Y-%m-%d}")
    for one in shelf()
    for example in one.examples
]


@pytest.mark.parametrize(("template", "example"), EXAMPLES)
def test_worked_examples(template, example):
    rule = template.parsed
    clock = supposed(rule, example.start, example.attributes)

    found = due(rule, clock, calendars=Calendars.shipped())

    assert found.due_at == example.due_at, (example.why, found.reasons)
    assert all(at <= found.due_at for at in found.warnings)


@pytest.mark.parametrize("template", shelf(), ids=SHELF)
def test_it_says_where_it_comes_from_and_what_it_reads(template):
    source = template.source
    assert all([source.authority, source.act, source.text, source.against, template.about])
    assert date(2026, 1, 1) <= source.checked
    assert len(template.examples) >= 2
    looked_at = {one[5:] for one in start_names(template.parsed) if one.startswith("attr:")}
    assert looked_at == set(template.reads)
    assert len(template.why) <= 500
    assert len(template.title) <= 200


@pytest.mark.parametrize(
    "word",
    "TRACE TRF CAT CFTC EMIR SFTR RTS22 MAS HKTR SEPA GDPR DORA SHO manifest".split(),  # noqa: SIM905
)
def test_every_rule_of_the_design_is_there(word):
    assert search(word)


def test_some_are_found_by_words_in_any_order():
    assert [one.name for one in search("seconds TRF")] == ["finra-trf-10-seconds"]
    assert [one.name for one in search("  33 gdpr ")] == ["gdpr-article-33-72-hours"]
    assert search("no such rule") == []
    assert len(search("")) == len(shelf())


def test_one_is_found_by_name():
    assert find("cat-t1-0800").source.authority.startswith("SEC")
    assert find("../cat-t1-0800") is None


def test_an_entry_is_what_a_flow_document_holds():
    entry = find("gdpr-article-33-72-hours").entry("notified")
    assert list(entry) == ["deadline", "rule", "until", "severity"]
    assert entry["until"] == "notified"
    assert entry["rule"]["amount"] == "PT72H"
