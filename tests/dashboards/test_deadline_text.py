import pytest
import yaml

from dashboards.deadline_text import with_deadline, without_deadline
from slatrack.tracking.documents import documents

TEXT = """\
# our flow
flow: trades
deadlines:
  # the legal one
  - deadline: report
    rule: {kind: duration, from: ingress, amount: PT15M}
    until: reported

  - {deadline: settle, rule: {kind: cutoff, at: {time: 18:30, tz: UTC}}, until: booked}  # soon
# the end
title: Trades
"""
NEW = {"deadline": "late 08:00", "rule": {"kind": "duration", "amount": "PT1M"}, "until": "no"}


def entries(text):
    return next(documents(text)).value["deadlines"]


@pytest.mark.parametrize("name", ["report", "settle"])
def test_one_entry_is_replaced_and_nothing_else(name):
    changed = with_deadline(TEXT, name, NEW)

    place = ["report", "settle"].index(name)
    assert entries(changed)[place] == NEW
    assert entries(changed)[1 - place] == entries(TEXT)[1 - place]
    for comment in ("# our flow", "# the legal one", "# soon", "# the end"):
        assert comment in changed
    assert changed.endswith("title: Trades\n")


def test_an_entry_is_added_at_the_end():
    changed = with_deadline(TEXT, None, NEW)

    assert entries(changed) == [*entries(TEXT), NEW]
    assert "booked}  # soon\n" in changed


@pytest.mark.parametrize(
    "text",
    [
        "flow: trades\n",
        "flow: trades",
        "flow: trades\ndeadlines: []\n",
        "flow: trades\ndeadlines:\n",
        "{flow: trades, deadlines: [{deadline: report}]}\n",
        "flow: trades\ndeadlines:\n- deadline: report\n  until: x",
    ],
)
def test_it_is_added_wherever_the_others_stand(text):
    before = (yaml.safe_load(text).get("deadlines")) or []

    assert len(entries(with_deadline(text, None, NEW))) == len(before) + 1
    assert entries(with_deadline(text, None, NEW))[-1] == NEW


def test_an_entry_is_taken_out():
    kept = without_deadline(TEXT, "report")

    assert entries(kept) == entries(TEXT)[1:]
    assert entries(without_deadline(kept, "settle")) == []
    assert without_deadline(TEXT, "unknown") == TEXT


@pytest.mark.parametrize("value", ["on", "1", "08:00", "a: b", "# x", "'", "é", "[", "  "])
def test_any_name_survives(value):
    changed = with_deadline(TEXT, "report", {**NEW, "deadline": value})

    assert yaml.safe_load(changed)["deadlines"][0]["deadline"] == value.strip()
