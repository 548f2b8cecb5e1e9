from datetime import date

import pytest

from slatrack.domain.rules import RuleError, document, parse
from tests.domain.rules.examples import TRF, cutoff, duration, months, open_time, session, window

DEEP = duration("PT1M")
for _ in range(12):
    DEEP = {"kind": "latest", "of": [DEEP]}


def dated(*days):
    versions = [{"effective_from": day, "rule": duration("PT1M")} for day in days]
    return {"kind": "versions", "tz": "UTC", "versions": versions}


def branch(when):
    return {"kind": "switch", "branches": [{"when": when, "rule": duration("PT1M")}]}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (None, "rule: must be an object with fields, not None"),
        ({}, "rule.kind: is missing: give one of duration, cutoff,"),
        ({"kind": "cut-off"}, "rule.kind: 'cut-off' is no kind of rule: use one of duration,"),
        (duration("P1D"), "rule.amount: 'P1D' counts days, weeks, months or years"),
        (duration("15m"), "rule.amount: '15m' is no duration: write hours"),
        (duration(15), "rule.amount: must be text: a duration such as PT15M, not 15"),
        (
            duration("PT1M", amout=1),
            "rule.amout: is not a field of this object: did you mean amount?",
        ),
        (duration("PT1M", start_round="hour"), "rule.start_round: must be next_full_hour"),
        ({**duration("PT1M"), "from": "step"}, 'rule.from: must be ingress, "step:<name>"'),
        (
            duration("PT1M", on_missing="guess"),
            "rule.on_missing: must be cannot_calculate or ingress",
        ),
        (duration("PT1M", warn=[{"before": "-PT1M"}]), "rule.warn[0].before: must not be negative"),
        (duration("PT1M", warn=[{}]), "rule.warn[0]: must have one of before and fraction"),
        (
            duration("PT1M", warn=[{"fraction": 1.5}]),
            "rule.warn[0].fraction: must be a number from",
        ),
        (duration("PT1M", warn=[{"fraction": float("nan")}]), "rule.warn[0].fraction: must be"),
        (duration("PT1M", dst={"gap": "skip"}), "rule.dst.gap: must be transition or shift"),
        (duration("PT1M", adjust={}), "rule.adjust.calendar: is missing"),
        (cutoff("8:00"), 'rule.at.time: must be a local time "HH:MM" or "24:00", not \'8:00\''),
        (cutoff(975), "(YAML reads 16:15 without quotes as a number"),
        (
            cutoff(tz="Europe/Berln"),
            "rule.base.tz: 'Europe/Berln' is no IANA time zone: did you mean",
        ),
        (cutoff(tz="../../etc/passwd"), "is no IANA time zone: write one such as Europe/Berlin"),
        (cutoff(add={"calendar": "XXXX"}), "rule.add.calendar: 'XXXX' is no calendar: use one of"),
        (
            cutoff(add={"calendar": {"all_open": ["XNYS", 3]}}),
            "rule.add.calendar.all_open[1]: 3 is no",
        ),
        (
            cutoff(add={"n": True}),
            "rule.add.n: must be a whole number from -3660 to 3660, not True",
        ),
        (cutoff(add={"n": 10**9}), "rule.add.n: must be a whole number"),
        (cutoff(add={"day": 5}), "rule.add.day: goes with unit month only"),
        (cutoff(base={"to": "month_end"}), "rule.base.to: must be year_end"),
        ({**cutoff(), "add": {"unit": "business_day", "n": 1}}, "rule.add.calendar: is missing"),
        ({**months(1), "roll_result": "following"}, "rule.add: needs a calendar: roll and"),
        (cutoff(add={"n": -1}, if_past="next"), "rule.if_past: next goes with n of 0 or more"),
        (session("TARGET", "open"), "rule.calendar: 'TARGET' has no trading hours: use one of"),
        (session("XNYS", "open", n=0), "rule.n: must be a whole number from 1"),
        (window({**TRF, "close": "07:00"}), "rule.window.close: must be later than open"),
        (window({**TRF, "early_close": "19:00"}), "rule.window.early_close: must lie between"),
        (window({**TRF, "session": "XNYS"}), "rule.window.calendar: is not a field"),
        (window(inside="-PT1M"), "rule.inside: must not be negative here"),
        ({**window(), "outside": {"to": "close"}}, "rule.outside.to: must be next_open"),
        (open_time("-PT1M", TRF), "rule.amount: must not be negative here"),
        ({"kind": "latest", "of": []}, "rule.of: must have 1 to 200 entries, not 0"),
        ({"kind": "latest", "of": "ab"}, "rule.of: must be a list, not 'ab'"),
        ({"kind": "latest", "of": [DEEP]}, "rules are nested more than 12 deep"),
        (
            {"kind": "earliest", "of": [duration("PT1M"), duration("P1D")]},
            "rule.of[1].amount: 'P1D'",
        ),
        (
            branch({"attr": "x", "in": [None]}),
            "rule.branches[0].when.in[0]: must be text, a number",
        ),
        (dated("2026-02-30"), "rule.versions[0].effective_from: must be a date such as"),
        (dated("2026-02-01", "2026-02-01"), "rule.versions[1].effective_from: must be later"),
    ],
)
def test_what_is_wrong_is_said(wrong, message):
    with pytest.raises(RuleError) as refused:
        parse(wrong)
    assert message in str(refused.value)


def test_aliases_cannot_make_millions_of_rules():
    shared = duration("PT1M")
    for _ in range(5):
        shared = {"kind": "latest", "of": [shared] * 200}
    with pytest.raises(RuleError, match="the document has more than 1000 rules"):
        parse(shared)


def test_an_error_shows_little_of_what_is_huge():
    deep = []
    for _ in range(900):
        deep = [deep]
    for huge in (deep, 10**5000, "x" * 10**6, {str(n): n for n in range(10**4)}):
        with pytest.raises(RuleError) as refused:
            parse({**duration("PT1M"), "amount": huge})
        assert len(str(refused.value)) < 300


def test_only_the_last_branch_takes_the_rest():
    rest = {"rule": duration("PT1M")}
    with pytest.raises(RuleError, match=r"rule\.branches\[0\]\.when: is missing: only the last"):
        parse({"kind": "switch", "branches": [rest, rest]})


def test_an_error_leads_to_its_place_in_a_larger_document():
    with pytest.raises(RuleError) as refused:
        parse({"kind": "earliest", "of": [duration("P1D")]}, path=("deadlines", 2, "rule"))
    assert refused.value.path == ("deadlines", 2, "rule", "of", 0, "amount")
    assert str(refused.value).startswith("deadlines[2].rule.of[0].amount: 'P1D' counts days")


def test_dates_may_come_from_yaml():
    assert parse(dated(date(2026, 1, 1))) == parse(dated("2026-01-01"))


def test_rules_are_values():
    assert len({parse(cutoff()), parse(cutoff()), parse(cutoff("09:00"))}) == 2


@pytest.mark.parametrize(
    "written",
    [
        duration("PT1M", start_round="next_full_hour", on_missing="ingress"),
        cutoff("24:00", base={"day_ends": "16:15", "at_boundary": "next", "roll": "following"}),
        cutoff(base={"roll": "none", "to": "year_end"}, roll_result="preceding", if_past="next"),
        months(1, day=15, base={"roll": "none"}),
        session("XNYS", "open", search="after", n=2, offset="-PT15M"),
        window({**TRF, "early_close": "17:00"}, at_close="inside", overflow="next_open"),
        window({"session": "XTKS", "breaks": "exclude"}, at_close="outside", overflow="keep"),
        open_time("PT2H30M", {**TRF, "calendar": {"all_open": ["XNYS", "SIFMA_US"]}}),
        duration("PT1M", warn=[{"before": "PT30S"}, {"fraction": 0.25}]),
        duration("PT1M", dst={"gap": "shift", "overlap": "first"}),
        duration(
            "PT1M",
            adjust={"calendar": "TARGET", "tz": "UTC", "convention": "following", "time": "same"},
        ),
        {**dated("2026-01-01", "2026-02-01"), "warn": [{"fraction": 0.5}]},
        {
            "kind": "switch",
            "branches": [
                {"when": {"attr": "x", "in": ["a", 1, True]}, "rule": duration("PT1M")},
                {"rule": duration("PT2M")},
            ],
        },
        {
            "kind": "latest",
            "of": [duration("PT1M", dst={"gap": "shift", "overlap": "first"})],
            "dst": {"gap": "transition", "overlap": "second"},
        },
    ],
)
def test_a_rule_is_written_as_it_was_read(written):
    assert document(parse(written)) == written
