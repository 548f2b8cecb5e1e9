"""The flows in force, read for every batch; they are changed through flow_saving."""

import json
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from threading import Lock
from typing import Any

from django.conf import settings
from django.db import connection

from slatrack.domain.calendars import Calendars
from slatrack.domain.durations import parse_duration
from slatrack.domain.flow_documents import read_deadline
from slatrack.domain.flows import DeadlineSpec, Flow
from slatrack.domain.matching import Matcher
from slatrack.domain.mute import Mute
from slatrack.domain.states import Verdict
from slatrack.tracking import almanacs, closures, documents, models
from slatrack.tracking.flow_saving import Change as Change
from slatrack.tracking.flow_saving import EffectiveRefusedError as EffectiveRefusedError
from slatrack.tracking.flow_saving import check as check
from slatrack.tracking.flow_saving import save as save

logger = logging.getLogger(__name__)

MEANING = 1  # raised when the same spans and documents come to be judged otherwise
OPEN = (Verdict.WAITING, Verdict.UNKNOWN)
# What changes with every change of flows, rules or closures.
STAMP = (
    "SELECT * FROM (SELECT MAX(changed_at), COUNT(*), MAX(id), SUM(version),"  # noqa: S608
    " COUNT(CASE WHEN enabled THEN 1 END) FROM tracking_flow) AS flows,"
    f" ({closures.STAMP}) AS closures"
)


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """One version of one deadline, for events that start in [effective_from, retired_at)."""

    version: int
    effective_from: datetime | None
    retired_at: datetime | None
    spec: DeadlineSpec
    saved_at: datetime
    recomputes: bool = False  # judges events too that were open when it was saved


def in_force(versions: Sequence[RuleInForce], start: datetime) -> RuleInForce | None:
    """Return which of the versions of one deadline judges an event that begun at `start`."""
    begun = [v for v in versions if v.effective_from is None or v.effective_from <= start]
    last = begun[-1] if begun else None
    return last if last and (last.retired_at is None or start < last.retired_at) else None


@dataclass(frozen=True)
class Flows:
    """All enabled flows with the versions of their deadlines, as of one moment."""

    flows: Mapping[str, Flow]
    ids: Mapping[str, int]
    rules: Mapping[str, Mapping[str, Sequence[RuleInForce]]]
    matcher: Matcher
    mute: Mute
    wanted: frozenset[str]
    calendars: Calendars = field(default_factory=Calendars.shipped)
    default_grace: timedelta = timedelta()
    stamps: Mapping[str, int] = field(default_factory=dict)  # of all that judges a flow's events
    almanac: int | None = None  # of the calendars and time zones that they are worked out by

    def rules_for(self, flow: str, start: datetime) -> dict[str, RuleInForce]:
        """Return the version of each deadline that judges an event of `flow` begun at `start`."""
        chosen = {}
        for name, versions in self.rules.get(flow, {}).items():
            if rule := in_force(versions, start):
                chosen[name] = rule
        return chosen

    def standing(
        self, flow: str, chosen: RuleInForce, before: int, verdict: Verdict, start: datetime
    ) -> RuleInForce:
        """Return the version that judges a deadline that version `before` has judged.

        One that was saved after the event began takes over nothing that it was not asked to, and
        never a verdict that was reached. If the start has moved, the start decides.
        """
        if chosen.saved_at <= start or (chosen.recomputes and verdict in OPEN):
            return chosen
        older = (v for v in self.rules[flow][chosen.spec.name] if v.version == before)
        for one in older:
            begun = one.effective_from is None or one.effective_from <= start
            if begun and one.version < chosen.version:
                return one
        return chosen

    @cached_property
    def parents(self) -> frozenset[str]:
        """The names of the flows whose events have children."""
        return frozenset(flow.parent.flow for flow in self.flows.values() if flow.parent)

    @cached_property
    def longest_grace(self) -> timedelta:
        """The longest grace of any deadline in force."""
        specs = [v.spec for rules in self.rules.values() for vs in rules.values() for v in vs]
        return max(map(self.grace, specs), default=timedelta())

    @cached_property
    def recomputing(self) -> dict[str, dict[str, int]]:
        """By flow and deadline the newest version that judges events too which were open."""
        return {
            flow: {name: max((v.version for v in vs if v.recomputes), default=0)
                   for name, vs in rules.items()}
            for flow, rules in self.rules.items()
        }  # fmt: skip

    def grace(self, spec: DeadlineSpec) -> timedelta:
        """Return how long telemetry may lag before silence counts for `spec`."""
        return self.default_grace if spec.grace is None else spec.grace


_cache: dict[str, tuple[Any, Flows]] = {}
_lock = Lock()


def current() -> Flows:
    """Return the flows in force now. A small query; parsed again only after a change."""
    stamp = _stamp()
    with _lock:
        known = _cache.get("flows")
        if known is None or known[0] != stamp:
            known = _cache["flows"] = (stamp, _load())
        return known[1]


def _stamp() -> tuple[object, ...]:
    """Asked for every batch and look: to compose the query anew takes the ORM a millisecond."""
    with connection.cursor() as cursor:
        cursor.execute(STAMP)
        return (settings.DATABASES["default"]["NAME"], *cursor.fetchone())


def _load() -> Flows:
    rows, flows, rules = [], {}, {}
    for row in models.Flow.objects.filter(enabled=True).order_by("id"):
        try:
            flow = documents.flows(row.document)[0][0]
            rules[row.name] = _rules(row, flow)
            flow = _keeping(flow, [*_specs(rules[row.name]), *_shadows(row, flow)])
        except ValueError:  # one bad flow must not stop the others
            logger.exception("flow %r cannot be read and is not in force", row.name)
            continue
        rows.append(row)
        flows[row.name] = flow
    calendars = closures.calendars()
    almanac, grace = almanacs.keep(calendars), parse_duration(settings.SLATRACK.default_grace)
    return Flows(
        flows=flows,
        ids={row.name: row.id for row in rows},
        rules=rules,
        matcher=Matcher(list(flows.values())),
        mute=Mute(list(flows.values())),
        wanted=frozenset().union(*(flow.wanted for flow in flows.values())),
        calendars=calendars,
        default_grace=grace,
        stamps={row.name: _judged_by(row, grace, almanac) for row in rows},
        almanac=almanac,
    )


def _judged_by(row: models.Flow, grace: timedelta, almanac: int) -> int:
    """Return a number that another document, rule, grace, calendar or time zone changes.

    The same in every process: journeys keep it, and what differs is judged from the start.
    """
    rules = list(row.rules.order_by("id").values())
    judged = [MEANING, row.document, rules, grace, almanac]
    text = json.dumps(judged, default=str, sort_keys=True)
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big") >> 1


def _rules(row: models.Flow, flow: Flow) -> dict[str, list[RuleInForce]]:
    rules: dict[str, list[RuleInForce]] = defaultdict(list)
    for one in row.rules.order_by("version"):
        spec = read_deadline(one.document, flow.steps)
        rules[one.name].append(
            RuleInForce(
                one.version, one.effective_from, one.retired_at, spec, one.at,
                recomputes=one.recomputed_at is not None,
            )
        )  # fmt: skip
    return rules


def _specs(rules: Mapping[str, Sequence[RuleInForce]]) -> list[DeadlineSpec]:
    return [version.spec for versions in rules.values() for version in versions]


def _shadows(row: models.Flow, flow: Flow) -> list[DeadlineSpec]:
    """What judges silently beside the rules in force (slatrack.tracking.shadowing)."""
    running = row.shadows.filter(state=models.Shadow.State.RUNNING)
    return [read_deadline(one.document, flow.steps) for one in running]


def _keeping(flow: Flow, specs: Sequence[DeadlineSpec]) -> Flow:
    """Return the flow, keeping all attributes that some deadlines look at."""
    looked_at = dict.fromkeys(name for spec in specs for name in spec.reads)
    more = tuple(name for name in looked_at if name not in flow.kept)
    return replace(flow, attributes=(*flow.attributes, *more)) if more else flow
