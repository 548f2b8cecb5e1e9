import pytest

from slatrack.tracking import documents
from slatrack.tracking.documents import FlowError
from tests.trades import DOCUMENT

GOOD = DOCUMENT


def problems(text):
    with pytest.raises(FlowError) as raised:
        documents.flows(text)
    return [(p.line, p.path, p.reason) for p in raised.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "line", "path", "reason"),
    [
        ("after: [received]", "after: [reecived]", 7, "steps[1].after", "unknown step 'reecived'"),
        ("until: reported", "until: sent", 13, "deadlines[0].until", "unknown step 'sent'"),
        ("from: ingress, ", "", 12, "deadlines[0].rule.from", "is missing"),
        ("amount: PT15M", "amount: P1D", 12, "deadlines[0].rule.amount", "day"),
        ("role: ingress, ", "", 12, "deadlines[0].rule", "no step has role: ingress"),
        ("severity: critical", "severity: dire", 14, "deadlines[0].severity", "unknown severity"),
        ("kind: server", "kind: sever", 6, "steps[0].match.kind", "unknown kind"),
        ("event_key: [trade.id]", "event_key: []", 3, "event_key", "where the event key is found"),
        ("step: accepted", "step: received", 7, "steps[1].step", "is there twice"),
        ("title: Equity", "titel: Equity", 2, "titel", "unknown field 'titel'"),
        ("flow: trade-reporting", "flow: 'a b'", 1, "flow", "letters, digits"),
        ("{service: regulator-sink}", "{}", 9, "steps[3].match", "every span would match"),
        ("after: [received]", "after: [enriched]", 7, "steps[1].after", "comes after itself"),
        ("service: gateway", "service: {pattern: '('}", 6, "steps[0].match.service.pattern", "RE2"),
    ],
)
def test_what_is_wrong_names_line_field_and_reason(old, new, line, path, reason):
    assert old in GOOD
    found = problems(GOOD.replace(old, new, 1))
    assert any((line, path) == one[:2] and reason in one[2] for one in found), found


def test_every_problem_is_told_at_once():
    bad = GOOD.replace("kind: server", "kind: sever").replace("until: reported", "until: sent")
    assert [line for line, _, _ in problems(bad)] == [6, 13]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("flow: [", "is no YAML"),
        ("- just\n- a list", "must be a mapping"),
        ("flow: a\nflow: b", "is there twice"),
        ("a: &x [1]\nb: [*x]\n" + "c: " + "[" * 60 + "]" * 60, "deeply nested"),
        (GOOD + "---\n" + GOOD, "flow 'trade-reporting' is there twice"),
        ("x" * 300_000, "larger than 256 KiB"),
    ],
)
def test_no_flow_document(text, reason):
    assert any(reason in one[2] for one in problems(text))


def test_times_and_dates_stay_text():
    [document] = documents.documents("open: 08:00\nclose: 18:30\nday: 2026-01-01\non: yes\n")
    assert document.value == {
        "open": "08:00",
        "close": "18:30",
        "day": "2026-01-01",
        "on": "yes",
    }


def test_one_file_may_hold_several_flows_and_each_keeps_its_own_text():
    other = GOOD.replace("trade-reporting", "other")
    text = f"# first\n{GOOD}---\n# second\n{other}"
    [(one, first), (two, second)] = documents.flows(text)
    assert (one.name, two.name) == ("trade-reporting", "other")
    assert first.text(text) == f"# first\n{GOOD}"
    assert second.text(text) == f"# second\n{other}"


def test_a_bomb_of_aliases_is_refused():
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    bomb = "a0: &a0 [x]\n" + "\n".join(levels)
    assert "too large" in problems(bomb)[0][2]
