"""Saving flows: the one door for changing them, and the versions of rules that come of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from slatrack.domain.flows import Flow
from slatrack.tracking import documents, models

MAX_WHY = 500  # characters of a reason that are kept


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
def save(
    text: str,
    *,
    by: Any = None,
    why: str = "",
    effective_from: datetime | None = None,
    now: datetime,
) -> list[Change]:
    """Add or change the flows that `text` holds, all or none; FlowError if it is not right.

    Saving the same text again changes nothing. A changed deadline becomes a new version, in force
    for events that start from `effective_from` on, or else from `now` on; verdicts keep the version
    they were made with. EffectiveRefusedError where it cannot begin then.
    """
    saving = _Saving(by, why[:MAX_WHY], effective_from, now)
    return [_save_one(flow, doc, text, saving) for flow, doc in documents.flows(text)]


class EffectiveRefusedError(ValueError):
    """A version cannot begin to hold then; the message says why."""


@dataclass(frozen=True, slots=True)
class _Saving:
    """Who saves, why, when, and from which start of events on."""

    by: Any
    why: str
    effective_from: datetime | None
    now: datetime

    def begin(self, row: models.Flow, known: models.RuleVersion | None) -> datetime | None:
        """Return since when a new version holds; None: for every event, as of a new flow."""
        if self.effective_from is None:
            return None if row.version == 1 else self.now
        fresh = known is None or known.retired_at is not None
        if self.effective_from < self.now and fresh and row.version > 1:
            raise EffectiveRefusedError(
                "a deadline that is new, or was retired, holds from now or from later: events that "
                "have been seen without it are not judged by it afterwards"
            )
        return self.effective_from


def _save_one(flow: Flow, document: documents.Document, text: str, saving: _Saving) -> Change:
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
    row.title, row.document, row.changed_at = flow.title, own, saving.now
    row.version += 1
    row.save()
    models.FlowVersion.objects.create(
        flow=row,
        version=row.version,
        document=own,
        at=saving.now,
        by=saving.by,
        why=saving.why,
    )
    details = [*_step_changes(before, flow), *_save_rules(row, document, saving)]
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


def _save_rules(row: models.Flow, document: documents.Document, saving: _Saving) -> list[str]:
    latest = {rule.name: rule for rule in row.rules.order_by("version")}
    entries = {entry["deadline"].strip(): entry for entry in document.value.get("deadlines", [])}
    changes = []
    for name, entry in entries.items():
        known = latest.get(name)
        if known and known.document == entry and known.retired_at is None:
            continue
        version, begin = known.version + 1 if known else 1, saving.begin(row, known)
        models.RuleVersion.objects.create(
            flow=row, name=name, version=version, document=entry, at=saving.now, by=saving.by,
            why=saving.why, effective_from=begin,
        )  # fmt: skip
        since = f" for events from {begin:%Y-%m-%d %H:%M:%S} UTC on" if begin else ""
        changes.append(f"deadline {name!r} version {version}{since}")
    for name in latest.keys() - entries.keys():
        if latest[name].retired_at is None:
            row.rules.filter(name=name, retired_at=None).update(retired_at=saving.now)
            changes.append(f"deadline {name!r} retired")
    return changes
