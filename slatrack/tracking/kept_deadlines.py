"""Deadlines that were kept: met in time, and nothing else was ever told of them.

That is how most end, and then the journey's row tells all of it, in a fifth of the bytes: what it
has in common with others is Terms, what is its own is packed. Any other deadline is a row.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Any, NamedTuple

from django.db import transaction
from django.db.backends.signals import connection_created
from msgspec import json, msgpack

from slatrack.domain.states import Verdict
from slatrack.tracking.decisions import Decided
from slatrack.tracking.terms_models import Terms

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class UnknownTermsError(LookupError):
    """Terms that are not there: what deadlines were kept cannot be told."""


class Common(NamedTuple):
    """What a deadline has in common with those of other events."""

    name: str
    version: int
    severity: str
    strict: bool
    grace_seconds: float


class _Own(NamedTuple):
    """What is a deadline's own: µs since 1970 for when it was due, the other times from there.

    New fields come last and have defaults: rows of earlier versions do not have them.
    """

    due: int
    started: int | None
    warnings: tuple[int, ...]
    reached: int
    watermark: int | None
    decided: int
    step: str
    reason: str
    almanac: int | None


class Kept(NamedTuple):
    """The columns of a journey's row that tell them."""

    terms: int | None
    own: bytes | None


NONE = Kept(None, None)

_own = msgpack.Decoder(tuple[_Own, ...])
_common = json.Decoder(tuple[Common, ...])
_known: dict[int, tuple[Common, ...]] = {}  # an id never means others
_committed: set[int] = set()


def pack(kept: Sequence[Decided]) -> tuple[Kept, tuple[Common, ...]]:
    """Return what the journey's row says of deadlines that were kept, and their terms."""
    if not kept:
        return NONE, ()
    terms = tuple(map(_common_of, kept))
    return Kept(number(terms), msgpack.encode(list(map(_own_of, kept)))), terms


def unpack(terms: int | None, own: bytes | memoryview | None) -> list[Decided]:
    """Return what was packed, in its order, given these columns. Raises UnknownTermsError."""
    return [] if terms is None or own is None else _with(_terms_of(terms), own)


def unpack_with(deadlines: Sequence[Any], own: bytes | memoryview) -> list[Decided]:
    """As `unpack`, given what Terms say."""
    return _with(_common.decode(json.encode(deadlines)), own)


def _with(terms: Sequence[Common], own: bytes | memoryview) -> list[Decided]:
    return [_decided(*pair) for pair in zip(terms, _own.decode(own), strict=True)]


@lru_cache(maxsize=1_000)
def number(terms: tuple[Common, ...]) -> int:
    """Return the id of some terms."""
    return int.from_bytes(blake2b(json.encode(terms), digest_size=8).digest(), "big") >> 1


def keep(wanted: Mapping[int, Sequence[Common]]) -> None:
    """See to it that terms are on record, in this transaction. Safe to repeat."""
    new = wanted.keys() - _committed
    if new:
        rows = [Terms(id=one, deadlines=wanted[one]) for one in sorted(new)]
        Terms.objects.bulk_create(rows, ignore_conflicts=True)
        transaction.on_commit(partial(_committed.update, new))


def naming(deadline: str) -> list[tuple[int, int]]:
    """Return the ids of all terms with a deadline of this name, and its version in each."""
    return [
        (row_id, one[1])
        for row_id, deadlines in Terms.objects.values_list("id", "deadlines")
        for one in deadlines
        if one[0] == deadline
    ]


def forget(**_: Any) -> None:
    """Read and record terms anew: the database may be another one, restored from a backup."""
    _committed.clear()
    _known.clear()


connection_created.connect(forget, dispatch_uid="slatrack.kept_deadlines")


def _terms_of(row_id: int) -> tuple[Common, ...]:
    found = _known.get(row_id)
    if found is None:
        row = Terms.objects.filter(id=row_id).first()
        if row is None:
            raise UnknownTermsError(f"terms {row_id} of deadlines are lost")
        found = _known[row_id] = _common.decode(json.encode(row.deadlines))
    return found


def _common_of(one: Decided) -> Common:
    return Common(one.name, one.version, one.severity, one.strict, one.grace.total_seconds())


def _own_of(one: Decided) -> tuple[Any, ...]:
    due = one.due_at
    if due is None or one.reached_at is None or one.decided_at is None:
        raise ValueError(f"deadline {one.name!r} was not kept")
    return (
        (due - EPOCH) // MICROSECOND,
        _from(due, one.started_at),
        [(at - due) // MICROSECOND for at in one.warnings],
        (one.reached_at - due) // MICROSECOND,
        _from(due, one.watermark),
        (one.decided_at - due) // MICROSECOND,
        one.decided_step,
        one.reason,
        one.almanac,
    )


def _from(due: datetime, at: datetime | None) -> int | None:
    return None if at is None else (at - due) // MICROSECOND


def _decided(common: Common, own: _Own) -> Decided:
    due = EPOCH + own.due * MICROSECOND
    return Decided(
        *common[:3], None if own.started is None else due + own.started * MICROSECOND, due,
        common.strict, timedelta(seconds=common.grace_seconds),
        tuple([due + at * MICROSECOND for at in own.warnings]),
        verdict=Verdict.MET, reached_at=due + own.reached * MICROSECOND, reason=own.reason,
        watermark=None if own.watermark is None else due + own.watermark * MICROSECOND,
        flip_count=1, almanac=own.almanac, decided_at=due + own.decided * MICROSECOND,
        decided_step=own.step,
    )  # fmt: skip
