"""Training dictionaries: from recent rows once there are enough, and anew when that pays.

Every trial is bounded: so many samples, so many bytes of them, a second or so of processor time. A
dictionary that stood a trial is tried again after twice the time, up to once a day.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

import zstandard
from django.db import IntegrityError, transaction

from slatrack.tracking import dictionaries, dictionary_samples
from slatrack.tracking.dictionary_models import Dictionary, Kind

logger = logging.getLogger(__name__)

SIZE = 1 << 14  # bytes; four times as many save no byte more (ADR 120)
ENOUGH = 1_000  # samples
PAYS = 0.9  # of the bytes that recent rows take with the dictionary in use
SOONEST, LATEST = timedelta(hours=1), timedelta(days=1)  # between trials


def tend(*, now: datetime) -> list[Dictionary]:
    """Train what is due, kind by kind; return the dictionaries that were made, committed.

    Safe to repeat. Several may do it at once: one dictionary of each kind is made.
    """
    made = [one for kind in Kind if (one := _tend(kind, now)) is not None]
    if made:
        dictionaries.look_again()  # other processes do so before long
    return made


def _tend(kind: Kind, now: datetime) -> Dictionary | None:
    newest = Dictionary.objects.filter(kind=kind).order_by("-number").first()
    if newest is not None and not _claimed(newest, now):
        return None
    samples = dictionary_samples.take(kind)
    if len(samples) < ENOUGH:
        return None
    try:
        if newest is None:
            return _save(kind, _trained(samples), 1, now)
        made, kept_back = _trained(samples[::2]), samples[1::2]
        if _pays(kind, newest, made, kept_back):
            return _save(kind, made, newest.number + 1, now)
    except zstandard.ZstdError as exc:  # e.g. samples that have nothing in common
        logger.info("no dictionary for %s: %s", kind.value, exc)
    return None


def _claimed(newest: Dictionary, now: datetime) -> bool:
    """Whether a trial is due, and nobody else has begun it."""
    stood = newest.tried_at - newest.created_at
    if now < newest.tried_at + min(LATEST, max(SOONEST, stood)):
        return False
    same = Dictionary.objects.filter(id=newest.id, tried_at=newest.tried_at)
    return same.update(tried_at=now) == 1


def _trained(samples: Sequence[bytes]) -> zstandard.ZstdCompressionDict:
    return zstandard.train_dictionary(SIZE, list(samples))


def _pays(
    kind: Kind, newest: Dictionary, made: zstandard.ZstdCompressionDict, samples: Sequence[bytes]
) -> bool:
    """Whether samples that were not trained with take much less than with the one in use."""
    before = _squeezed(kind, bytes(newest.data), samples)
    after = _squeezed(kind, made.as_bytes(), samples)
    logger.info("%s of %s takes %d B, with a new one %d B", newest, len(samples), before, after)
    return after < before * PAYS


def _squeezed(kind: Kind, data: bytes, samples: Sequence[bytes]) -> int:
    compress = dictionaries.compressor(kind, dictionaries.prepared(kind, data)).compress
    return sum(len(compress(one)) for one in samples)


def _save(
    kind: Kind, made: zstandard.ZstdCompressionDict, number: int, now: datetime
) -> Dictionary | None:
    """Commit a dictionary, before anything is written with it; None where another was first."""
    row = Dictionary(
        id=made.dict_id(), kind=kind, number=number, data=made.as_bytes(), created_at=now,
        tried_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic(durable=True):
            row.save(force_insert=True)
    except IntegrityError:
        logger.info("another process has trained dictionary %s of %s", number, kind.value)
        return None
    logger.info("rows are squeezed with dictionary %d, number %d of %s", row.id, number, kind)
    return row
