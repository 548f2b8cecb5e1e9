"""Deadlines at rest: those that are rows, and with them those that their journeys tell."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from slatrack.domain.instants import rfc3339
from slatrack.domain.states import Verdict
from slatrack.tracking import kept_deadlines, models, store
from slatrack.tracking.decisions import Decided

COLUMNS = (
    "journey", "name", "version", "severity", "started_at", "due_at", "strict", "grace_seconds",
    "warnings", "warned", "verdict", "reached_at", "reason", "watermark", "flip_count", "almanac",
)  # fmt: skip
AT_ONCE = 2_000  # journeys

Known = dict[str, tuple[int | None, Decided]]  # by name: row id, None of one that was kept


def load(journey_ids: Collection[UUID]) -> Iterator[tuple[int, UUID, Decided]]:
    """Yield row id, journey id and state of the deadlines that are rows: all that are open are."""
    for row in store.select(models.Deadline, ("id", *COLUMNS), journey_ids, by="journey"):
        yield row[0], row[1], _decided(row[2:])


def read(journey_ids: Collection[UUID]) -> dict[UUID, list[Decided]]:
    """Return all deadlines of the journeys that there are of these, those due first ahead.

    Rows and what journeys tell are read at once: a deadline goes from the one to the other.
    """
    columns = ("id", "kept_terms", "kept", *(f"deadlines__{name}" for name in COLUMNS[1:]))
    ids = list(journey_ids)
    found: dict[UUID, list[Decided]] = {}
    for n in range(0, len(ids), AT_ONCE):
        journeys = models.Journey.objects.filter(id__in=ids[n : n + AT_ONCE])
        for row_id, terms, own, *deadline in store.read(journeys.values_list(*columns)):
            if row_id not in found:
                found[row_id] = kept_deadlines.unpack(terms, own)
            if deadline[0] is not None:
                found[row_id].append(_decided(deadline))
    for deadlines in found.values():
        deadlines.sort(key=_by_due)
    return found


def _by_due(one: Decided) -> tuple[bool, float, str]:
    return one.due_at is None, one.due_at.timestamp() if one.due_at else 0.0, one.name


def _decided(values: Sequence[Any]) -> Decided:
    """Return the state that a row holds, given its columns from `name` on."""
    (name, version, severity, started_at, due_at, strict, grace, warnings, warned, verdict,
     reached_at, reason, watermark, flip_count, almanac) = values  # fmt: skip
    return Decided(
        name=name, version=version, severity=severity, started_at=started_at, due_at=due_at,
        strict=strict, grace=timedelta(seconds=grace),
        warnings=tuple(datetime.fromisoformat(at) for at in warnings), warned=warned,
        verdict=Verdict(verdict), reached_at=reached_at, reason=reason, watermark=watermark,
        flip_count=flip_count, almanac=almanac,
    )  # fmt: skip


def save(written: Mapping[UUID, tuple[Known, Iterable[Decided]]]) -> None:
    """Make the rows of some journeys what they are to be: what was known, and what is so now.

    Those of deadlines that are no more, or were kept, go.
    """
    inserts: list[store.Row] = []
    updates: list[store.Row] = []
    gone: list[int] = []
    for journey_id, (known, deadlines) in written.items():
        left = {name: row_id for name, (row_id, _) in known.items() if row_id is not None}
        for state in deadlines:
            if state.is_kept:
                continue
            row_id = left.pop(state.name, None)
            if row_id is None:
                inserts.append(_row(journey_id, state))
            elif known[state.name][1] != state:
                updates.append((row_id, *_row(journey_id, state)))
        gone += left.values()
    store.insert(models.Deadline, COLUMNS, inserts)
    store.update(models.Deadline, ("id", *COLUMNS), updates)
    store.delete(models.Deadline, gone)


def _row(journey_id: UUID, state: Decided) -> tuple[Any, ...]:
    return (
        journey_id, state.name, state.version, state.severity, state.started_at, state.due_at,
        state.strict, state.grace.total_seconds(), [rfc3339(at) for at in state.warnings],
        state.warned, state.verdict.value, state.reached_at, state.reason[:500], state.watermark,
        state.flip_count, state.almanac,
    )  # fmt: skip
