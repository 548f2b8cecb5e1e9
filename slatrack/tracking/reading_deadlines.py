"""The deadlines of a journey for readers: how each stands, in words, and what it was judged by."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from slatrack.domain.instants import rfc3339
from slatrack.domain.sentences import verdict_sentence
from slatrack.tracking import almanacs, deadline_rows, models
from slatrack.tracking.almanac_models import Almanac
from slatrack.tracking.decisions import Decided
from slatrack.tracking.forecast_reading import forecasts_of

Versions = Mapping[tuple[str, int], models.RuleVersion]


def deadlines_of(row: models.Journey, *, now: datetime) -> list[dict[str, Any]]:
    """Return the deadlines of a journey in the API's shape, the one due first ahead."""
    states = deadline_rows.read([row.id]).get(row.id, [])
    known = almanacs.named(one.almanac for one in states)
    versions = _versions(row.flow_id, states)
    made = forecasts_of(row, states, now=now)
    return [
        {**_deadline(one, versions, known, now), "forecast": made.get(one.name)} for one in states
    ]


def _versions(flow: int, states: list[Decided]) -> Versions:
    if not states:
        return {}
    names, numbers = {one.name for one in states}, {one.version for one in states}
    rows = models.RuleVersion.objects.filter(flow=flow, name__in=names, version__in=numbers)
    return {(rule.name, rule.version): rule for rule in rows}


def _deadline(
    one: Decided, versions: Versions, known: Mapping[int, Almanac], now: datetime
) -> dict[str, Any]:
    rule, almanac = versions.get((one.name, one.version)), known.get(one.almanac or 0)
    return {
        "deadline": one.name,
        "version": one.version,
        "effective_from": rfc3339(rule.effective_from) if rule else None,
        "severity": one.severity,
        "started_at": rfc3339(one.started_at),
        "due_at": rfc3339(one.due_at),
        "warn_at": rfc3339(one.warnings[0]) if one.warnings else None,
        "warnings": [rfc3339(at) for at in one.warnings],
        "verdict": one.verdict.value,
        "reached_at": rfc3339(one.reached_at),
        "watermark": rfc3339(one.watermark),
        "calendars": almanac.calendars if almanac else None,
        "time_zones": almanac.zones if almanac else None,
        "reason": one.reason,
        "sentence": sentence_of(one, now=now),
    }


def sentence_of(one: Decided, *, now: datetime) -> str:
    """Say how an event stands to a deadline, in the words that are used everywhere."""
    return verdict_sentence(
        one.verdict,
        due_at=one.due_at,
        reached_at=one.reached_at,
        reason=one.reason,
        now=now,
    )
