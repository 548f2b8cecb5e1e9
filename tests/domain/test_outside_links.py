"""Links to other tools lead where their template says, whatever spans say."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slatrack.domain.outside_links import KNOWN, LinkTemplate, times

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DOCUMENT = (Path(__file__).parents[2] / "docs" / "outside.md").read_text(encoding="utf-8")
READY = [json.loads(one) for one in re.findall(r"\| `(\{\"name\".*?\})` \|", DOCUMENT)]
VALUES = {"trace_id": "0af7", "span_id": "b7ad", "service": 'a"b', **times(NOON, NOON)}


@pytest.mark.parametrize("given_", READY, ids=lambda one: one["name"])
def test_every_ready_template_is_valid_and_is_filled(given_):
    template = LinkTemplate(**given_)
    filled = template.fill(VALUES)

    assert "0af7" in filled
    assert "{" not in filled
    for panes in parse_qs(urlsplit(filled).query).get("panes", []):
        assert "0af7" in str(json.loads(panes))


def test_there_is_one_for_each_tool():
    names = " ".join(one["name"] for one in READY)

    assert len(READY) == 10
    assert all(tool in names for tool in ("Jaeger", "Tempo", "Loki", "Kibana", "Splunk", "Datadog"))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("javascript:alert({trace_id})", "must start with https:// or http://"),
        ("data:text/html,{trace_id}", "must start with"),
        ("//x.example/{trace_id}", "must start with"),
        ("https://{service}/x", "fixed host"),
        ("https://x.example:{trace_id}/", "fixed host"),
        ("https://me:secret@x.example/", "fixed host"),
        ("https:///{trace_id}", "fixed host"),
        ("https://x.example/{nonsense}", "has {nonsense}; known are {trace_id}"),
        ("https://x.example/{", "a brace that belongs to no placeholder"),
        ("https://x.example/{trace_id:html}", "a brace that belongs to no placeholder"),
        ('https://x.example/"onclick=', "must be percent-encoded"),
        ("https://x.example/a b", "must be percent-encoded"),
        ("https://[x/", "no address"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(url, why):
    with pytest.raises(ValueError, match=re.escape(why)):
        LinkTemplate("Tool", "trace", url)


def test_name_and_kind_are_checked():
    with pytest.raises(ValueError, match="name must have"):
        LinkTemplate(" ", "trace", "https://x.example/")
    with pytest.raises(ValueError, match="on must be one of trace, span, logs"):
        LinkTemplate("x", "page", "https://x.example/")


@given(st.text(), st.sampled_from(KNOWN), st.sampled_from(["", ":json"]))
def test_no_value_leaves_its_place(value, name, form):
    template = LinkTemplate("x", "span", f"https://x.example/a?q={{{name}{form}}}&b=1#c")
    found = urlsplit(template.fill({name: value}))

    assert (found.scheme, found.netloc, found.path) == ("https", "x.example", "/a")
    assert (found.fragment, found.query.count("&")) == ("c", 1)
    assert re.fullmatch(r"[!-~]*", template.fill({name: value}))


def test_times_have_a_margin():
    assert VALUES["start"] == "2026-11-20T11:59:00.000Z"
    assert int(VALUES["end_ms"]) - int(VALUES["start_ms"]) == 120_000
    assert VALUES["end_s"] == VALUES["end_ms"][:-3]
