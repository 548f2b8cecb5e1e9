"""The editor of a deadline: its shapes are in step, and it points at what is doubtful."""

import json
import re
from datetime import UTC, datetime

import pytest

from slatrack.tracking import flows
from slatrack.tracking.models import RuleVersion
from tests.dashboards.recorded import trade
from tests.dashboards.signed_in import client
from tests.dashboards.test_rules import CUTOFF, FLOW, fields, newest
from tests.trades import DOCUMENT

pytestmark = pytest.mark.django_db

NEW = f"{FLOW}/new-deadline"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def author():
    flows.save(DOCUMENT, now=datetime(2026, 1, 1, tzinfo=UTC))
    return client("author")


def checked(author, **changed):
    return author.post(NEW, fields(do="check", **changed), headers=HTMX)


def in_step(answer):
    found = re.search(r'<script id="in-step"[^>]*>(.*?)</script>', answer.content.decode())
    return json.loads(found[1])


def doubts(answer):
    return answer.context["advice"]


def test_what_the_fields_say_is_in_the_document(author):
    old = "kind: duration\nfrom: ingress\namount: PT1H\nadjust: {calendar: TARGET, tz: UTC, "
    old += "convention: following, time: same}"

    answer = checked(author, rule=old)

    assert "amount: PT5M" in in_step(answer)["rule"]
    assert "calendar: TARGET" in in_step(answer)["rule"], "what no field shows stays"
    assert "The document also says <code>adjust</code>" in answer.content.decode()


def test_what_the_document_says_is_in_the_fields(author):
    told = in_step(checked(author, shape="document", rule=CUTOFF))

    assert (told["at"], told["zone"], told["number"]) == ("18:30", "UTC", "0")
    assert "rule" not in told, "what somebody writes in is left to them"


def test_looking_at_another_shape_changes_nothing(author):
    window = "kind: session\nfrom: ingress\ncalendar: XNYS\nanchor: open\nsearch: after\nn: 1"

    answer = checked(author, shape="simple", source="document", rule=window, amount="")

    assert "by the next open of XNYS" in answer.content.decode()
    assert in_step(answer)["amount"] == ""


def test_without_a_script_the_page_comes_back_in_step(author):
    page = author.post(NEW, fields(do="check", amount="7 min")).content.decode()

    assert "amount: PT7M" in page


def test_a_time_of_day_is_written_in_fields(author):
    said = {"at": "08:00", "zone": "America/New_York", "number": "1", "unit": "business_day",
            "calendar": "XNYS", "warn": ""}  # fmt: skip
    answer = author.post(NEW, fields(shape="time", **said))

    assert answer.status_code == 302
    assert newest("quickly").document["rule"] == {
        "kind": "cutoff", "from": "ingress", "base": {"tz": "America/New_York"},
        "add": {"unit": "business_day", "n": 1, "calendar": "XNYS"},
        "at": {"time": "08:00", "tz": "America/New_York"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"zone": "Mars/Base"}, "zone"), ({"at": "25:00"}, "at"), ({"number": "x"}, "number")],
)
def test_what_is_wrong_with_a_time_of_day_stands_at_its_field(author, changed, field):
    said = {"at": "08:00", "zone": "UTC", "number": "1", "unit": "calendar_day", **changed}

    answer = author.post(NEW, fields(shape="time", **said))

    assert field in answer.context["form"].errors


def test_one_start_stands_for_five_days_with_the_calendar_s_reasons(author):
    rule = CUTOFF.replace(
        "{unit: calendar_day, n: 0}", "{unit: business_day, n: 1, calendar: XNYS}"
    )
    page = checked(author, shape="document", rule=rule, starts="2026-04-01T12:00Z")

    text = page.content.decode()
    assert len(page.context["tried"]) == 5
    assert "Good Friday" in text


def test_a_deadline_that_says_the_same_is_pointed_out(author):
    same = {"amount": "15 min", "warn": "50 %, 3 min before"}

    assert doubts(checked(author, **same)) == [
        "report within 15 minutes says the same for events that both apply to: each would be told "
        "twice."
    ]


@pytest.mark.parametrize(
    ("amount", "said"),
    [("5 min", "is due later: who keeps this one"), ("1 h", "is due earlier: who keeps that one")],
)
def test_the_stricter_of_two_is_named(author, amount, said):
    [one] = doubts(checked(author, amount=amount))

    assert said in one


def test_a_rule_of_another_kind_is_compared_on_the_starts_tried(author):
    starts = "2026-11-20T12:00Z\n2026-11-20T18:20Z"
    [one] = doubts(checked(author, shape="document", rule=CUTOFF, starts=starts))

    assert "of 2 starts tried it is due earlier for 1, later for 1" in one


def test_deadlines_for_other_events_or_another_step_do_not_overlap(author):
    flows.save(
        DOCUMENT.replace("    severity", "    when: {asset.class: [bond]}\n    severity"),
        now=datetime(2026, 1, 2, tzinfo=UTC),
    )
    trade("T1", attributes={"asset.class": "equity"})

    assert doubts(checked(author, when="asset.class = equity", base="2")) == []
    assert doubts(checked(author, until="enriched", base="2")) == []


def test_a_step_that_cannot_follow_the_start_is_pointed_out(author):
    found = doubts(checked(author, start="step:reported", until="enriched"))

    assert found == ["enriched does not come after step reported on the way of trade-reporting."]
    assert doubts(checked(author, start="step:enriched", until="enriched")) == []


def test_a_value_that_no_recent_event_had_is_pointed_out_with_what_was_seen(author):
    for number in range(3):
        trade(f"T{number}", attributes={"asset.class": "equity"})

    found = doubts(checked(author, when="asset.class = equitty"))

    assert "asset.class equitty: none of the newest 3 events had that. Seen: equity (3)." in found
    assert len(doubts(checked(author, when="asset.class = equity"))) == 1, "only the overlap"


def test_an_attribute_that_the_flow_does_not_keep_is_looked_for_in_spans(author):
    trade("T1", attributes={"desk": "rates"})

    [known] = doubts(checked(author, until="enriched", when="desk = fx"))
    [unknown] = doubts(checked(author, until="enriched", when="dsk = rates"))

    assert "none of the one event so far had that. Seen: rates (4)." in known
    assert unknown == "dsk rates: no span of the one event so far carries dsk."
    assert doubts(checked(author, until="enriched", when="desk = rates")) == []


def test_a_start_that_is_no_instant_is_pointed_out(author):
    trade("T1", attributes={"execution.time": "noon"})
    said = {"until": "enriched", "start": "attr"}

    [wrong] = doubts(checked(author, attribute="execution.time", **said))
    [missing] = doubts(checked(author, attribute="executed", **said))

    assert "attribute execution.time is no RFC 3339 time: 'noon'" in wrong
    assert "no span carries it" in missing


def test_branches_of_a_switch_are_conditions_too(author):
    trade("T1", attributes={"asset.class": "equity"})
    rule = """
kind: switch
branches:
  - {when: {attr: asset.class, in: [cmo]}, rule: {kind: duration, from: ingress, amount: PT1H}}
  - {rule: {kind: duration, from: ingress, amount: PT1M}}
"""
    [one] = doubts(checked(author, until="enriched", shape="document", rule=rule))

    assert "asset.class cmo: none of" in one


def test_before_any_event_nothing_is_claimed(author):
    [one] = doubts(checked(author, until="enriched", when="desk = fx"))

    assert "No event has been seen yet" in one


def test_editing_a_deadline_is_not_compared_with_itself(author):
    name = RuleVersion.objects.get().name
    answer = author.get(f"{FLOW}/deadlines/{name}/edit")

    assert doubts(answer) == []
