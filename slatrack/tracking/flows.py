"""The flows in force: read for every batch, and the one door for changing them."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from threading import Lock
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, Q, Sum

from slatrack.domain.calendars import Calendars
from slatrack.domain.durations import parse_duration
from slatrack.domain.flow_documents import read_deadline
from slatrack.domain.flows import DeadlineSpec, Flow
from slatrack.domain.matching import Matcher
from slatrack.tracking import almanacs, closures, documents, models

logger = logging.getLogger(__name__)

MAX_WHY = 500  # characters of a reason that are kept


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """One version of one deadline, for events that start in [effective_from, retired_at)."""

    version: int
    effective_from: datetime | None
    retired_at: datetime | None
    spec: DeadlineSpec


@dataclass(frozen=True)
class Flows:
    """All enabled flows with the versions of their deadlines, as of one moment."""

    flows: Mapping[str, Flow]
    ids: Mapping[str, int]
    rules: Mapping[str, Mapping[str, Sequence[RuleInForce]]]
    matcher: Matcher
    wanted: frozenset[str]
    calendars: Calendars = field(default_factory=Calendars.shipped)
    default_grace: timedelta = timedelta()
    almanac: int | None = None  # of the calendars and time zones that they are worked out by

    def rules_for(self, flow: str, start: datetime) -> dict[str, RuleInForce]:
        """Return the version of each deadline that judges an event of `flow` begun at `start`."""
        chosen = {}
        for name, versions in self.rules.get(flow, {}).items():
            begun = [v for v in versions if v.effective_from is None or v.effective_from <= start]
            if begun and (begun[-1].retired_at is None or start < begun[-1].retired_at):
                chosen[name] = begun[-1]
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

    def grace(self, spec: DeadlineSpec) -> timedelta:
        """Return how long telemetry may lag before silence counts for `spec`."""
        return self.default_grace if spec.grace is None else spec.grace


_cache: dict[str, tuple[Any, Flows]] = {}
_lock = Lock()


def current() -> Flows:
    """Return the flows in force now. Two small queries; parsed again only after a change."""
    stamp = _stamp()
    with _lock:
        known = _cache.get("flows")
        if known is None or known[0] != stamp:
            known = _cache["flows"] = (stamp, _load())
        return known[1]


def _stamp() -> tuple[object, ...]:
    flows = models.Flow.objects.aggregate(
        Max("changed_at"), Count("id"), Max("id"), Sum("version"), on=Count("id", Q(enabled=True))
    )
    return (settings.DATABASES["default"]["NAME"], *flows.values(), *closures.stamp())


def _load() -> Flows:
    rows, flows, rules = [], {}, {}
    for row in models.Flow.objects.filter(enabled=True).order_by("id"):
        try:
            flow = documents.flows(row.document)[0][0]
            rules[row.name] = _rules(row, flow)
        except ValueError:  # one bad flow must not stop the others
            logger.exception("flow %r cannot be read and is not in force", row.name)
            continue
        rows.append(row)
        flows[row.name] = flow
    calendars = closures.calendars()
    return Flows(
        flows=flows,
        ids={row.name: row.id for row in rows},
        rules=rules,
        matcher=Matcher(list(flows.values())),
        wanted=frozenset().union(*(flow.wanted for flow in flows.values())),
        calendars=calendars,
        default_grace=parse_duration(settings.SLATRACK.default_grace),
        almanac=almanacs.keep(calendars),
    )


def _rules(row: models.Flow, flow: Flow) -> dict[str, list[RuleInForce]]:
    rules: dict[str, list[RuleInForce]] = defaultdict(list)
    for one in row.rules.order_by("version"):
        spec = read_deadline(one.document, flow.steps)
        rules[one.name].append(RuleInForce(one.version, one.effective_from, one.retired_at, spec))
    return rules


@dataclass(frozen=True, slots=True)
class Change:
    """What saving a document did to one flow: added, changed or unchanged."""

    flow: str
    action: str
    version: int
    details: tuple[str, ...] = ()


def check(text: str) -> list[Flow]:
    """Return the flows that `text` describes; documents.FlowError with every problem otherwise."""
    return [flow for flow, _ in documents.flows(text)]


@transaction.atomic
def save(text: str, *, by: Any = None, why: str = "", now: datetime) -> list[Change]:
    """Add or change the flows that `text` holds, all or none; FlowError if it is not right.

    Saving the same text again changes nothing. A changed deadline becomes a new version, in force
    for events that start from `now` on; verdicts keep the version they were made with.
    """
    why = why[:MAX_WHY]
    return [_save_one(flow, doc, text, by, why, now) for flow, doc in documents.flows(text)]


def _save_one(
    flow: Flow, document: documents.Document, text: str, by: Any, why: str, now: datetime
) -> Change:
    own = document.text(text)
    row = models.Flow.objects.select_for_update().filter(name=flow.name).first()
    if row is not None and row.document == own:
        return Change(flow.name, "unchanged", row.version)
    action = "changed" if row else "added"
    if row is None:
        row = models.Flow(name=flow.name, version=0)
        before = None
    else:
        before = documents.flows(row.document)[0][0]
    row.title, row.document, row.changed_at = flow.title, own, now
    row.version += 1
    row.save()
    models.FlowVersion.objects.create(
        flow=row, version=row.version, document=own, at=now, by=by, why=why
    )
    details = [*_step_changes(before, flow), *_save_rules(row, document, by, why, now)]
    return Change(flow.name, action, row.version, tuple(details))


def _step_changes(before: Flow | None, after: Flow) -> list[str]:
    if before is None:
        return [f"{len(after.steps)} steps"]
    old, new = ({s.name: s for s in flow.steps} for flow in (before, after))
    return [
        *(f"step {name!r} added" for name in new if name not in old),
        *(f"step {name!r} removed" for name in old if name not in new),
        *(f"step {name!r} changed" for name in new if name in old and new[name] != old[name]),
    ]


def _save_rules(
    row: models.Flow, document: documents.Document, by: Any, why: str, now: datetime
) -> list[str]:
    latest = {rule.name: rule for rule in row.rules.order_by("version")}
    entries = {entry["deadline"].strip(): entry for entry in document.value.get("deadlines", [])}
    changes = []
    for name, entry in entries.items():
        known = latest.get(name)
        if known and known.document == entry and known.retired_at is None:
            continue
        version = known.version + 1 if known else 1
        models.RuleVersion.objects.create(
            flow=row, name=name, version=version, document=entry, at=now, by=by, why=why,
            effective_from=None if row.version == 1 else now,
        )  # fmt: skip
        since = "" if row.version == 1 else f" for events from {now:%Y-%m-%d %H:%M:%S} UTC on"
        changes.append(f"deadline {name!r} version {version}{since}")
    for name in latest.keys() - entries.keys():
        if latest[name].retired_at is None:
            row.rules.filter(name=name, retired_at=None).update(retired_at=now)
            changes.append(f"deadline {name!r} retired")
    return changes
