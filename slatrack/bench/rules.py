"""The benchmark of rules: how many due times one core works out a second, by kind.

Events start at random instants of twelve years, as they come: with microseconds, on closed days, at
night. The same starts are asked twice; the first round also reads the calendars.
"""

import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from slatrack.bench.figures import Bench, Figures, Progress
from slatrack.domain.calendars import Calendars
from slatrack.domain.rule_templates import shelf
from slatrack.domain.rules import Clock, due, parse, supposed

NEW_YORK = "America/New_York"
HOURS = {"calendar": "XNYS", "tz": NEW_YORK, "open": "08:00", "close": "20:00"}
CUTOFF = {
    "kind": "cutoff",
    "from": "ingress",
    "base": {"tz": NEW_YORK, "roll": "following", "day_ends": "16:15", "at_boundary": "current"},
    "add": {"unit": "business_day", "n": 1, "calendar": "XNYS"},
    "at": {"time": "08:00", "tz": NEW_YORK},
}
DURATION = {"kind": "duration", "from": "ingress", "amount": "PT15M"}
WINDOW = {
    "kind": "window",
    "from": "ingress",
    "window": {**HOURS, "early_close": "17:00"},
    "inside": "PT15M",
    "overflow": "next_open",
    "outside": {"to": "next_open", "plus": "PT15M"},
}
RULES: dict[str, dict[str, Any]] = {
    "duration": DURATION,
    "duration_with_warnings": {**DURATION, "warn": [{"fraction": 0.5}, {"before": "PT3M"}]},
    "cutoff": CUTOFF,
    "cutoff_of_two_calendars": {
        **CUTOFF,
        "add": {"unit": "business_day", "n": 2, "calendar": {"all_open": ["XNYS", "XLON"]}},
    },
    "session": {"kind": "session", "from": "ingress", "calendar": "XTKS", "anchor": "open"},
    "window": WINDOW,
    "open_time": {"kind": "open_time", "from": "ingress", "amount": "PT10H", "window": HOURS},
    "earliest_of_two": {"kind": "earliest", "of": [CUTOFF, WINDOW]},
    "adjusted": {
        **DURATION,
        "adjust": {
            "calendar": "TARGET",
            "tz": "Europe/Berlin",
            "convention": "following",
            "time": "same",
        },
    },
}
FIRST, YEARS = datetime(2019, 1, 1, tzinfo=UTC), 12
UNITS = dict.fromkeys(RULES, "evaluations/s on one core") | {
    "cutoff_first_round": "evaluations/s, calendars read on the way",
    "evaluations": "of each kind",
    "wrong_examples": "of the templates' worked examples",
}


def _add_arguments(group: Any) -> None:
    group.add_argument("--evaluations", type=int, default=200_000, help="of each kind of rule")


def _run(options: Mapping[str, Any], progress: Progress) -> Figures:
    rng = random.Random(options["seed"])  # noqa: S311 - a load, no secret
    starts = [_start(rng) for _ in range(options["evaluations"])]
    figures: Figures = {"evaluations": len(starts)}
    for name, document in RULES.items():
        progress(f"{name}:")
        first, second = _rate(document, starts)
        figures[name] = second
        if name == "cutoff":
            figures["cutoff_first_round"] = first
    figures["wrong_examples"] = _wrong_examples()
    return figures


def _start(rng: random.Random) -> datetime:
    return FIRST + timedelta(
        days=rng.randrange(365 * YEARS), microseconds=rng.randrange(86400 * 10**6)
    )


def _rate(document: Mapping[str, Any], starts: list[datetime]) -> tuple[float, float]:
    """Return evaluations per second of processor time, of the first and of the second round."""
    rule, calendars = parse(document), Calendars.shipped().with_closures({})
    clocks = [Clock(start) for start in starts]
    rates = []
    for _ in range(2):
        begun = time.process_time()
        for clock in clocks:
            due(rule, clock, calendars=calendars)
        rates.append(len(clocks) / (time.process_time() - begun))
    return rates[0], rates[1]


def _wrong_examples() -> int:
    known = Calendars.shipped()
    return sum(
        due(
            one.parsed, supposed(one.parsed, example.start, example.attributes), calendars=known
        ).due_at
        != example.due_at
        for one in shelf()
        for example in one.examples
    )


def _wrong(figures: Figures) -> str:
    count = figures["wrong_examples"]
    return f"{count} worked examples come out otherwise" if count else ""


BENCH = Bench("due times by rules with calendars, on one core", _add_arguments, _run, UNITS, _wrong)
