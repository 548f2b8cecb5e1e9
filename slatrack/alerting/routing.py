"""From flips to alerts, incidents and deliveries: the one way in.

Flips are taken up in chunks, one transaction each: what is decided, what it joins and what is to
be told are committed with the mark that the flip was taken up, or none of it is. Two workers may
run at once: they take different flips, and wait for each other where the flow is the same.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

from slatrack import live
from slatrack.alerting import crowds
from slatrack.alerting.counting import recount, recount_stored
from slatrack.alerting.deciding import decide
from slatrack.alerting.joining import Joining, join
from slatrack.alerting.messages import prepare_links
from slatrack.alerting.models import Alert, Incident
from slatrack.alerting.telling import Teller, pending_warnings, withhold_outdated
from slatrack.tracking.models import Flip, Flow

logger = logging.getLogger(__name__)

CHUNK = 500  # flips a transaction: short enough that the recorder hardly waits
MOST = 20_000  # flips a sweep
MANY = 100  # flips among which crowds are looked for
AT_ONCE = 5_000  # flips among which they are, a transaction
CROWD = 1_000  # events of an incident that are not counted again with each chunk

_NEEDED = (  # a chunk may hold hundreds: no more columns than are read
    *("deadline", "version", "about", "before", "after", "severity", "step", "at", "due_at"),
    *("reason", "recorded_at", "journey__flow_id", "journey__key", "journey__step"),
    *("journey__step_at", "journey__working"),
)


def take_up(flip_ids: Sequence[int] | None = None, *, now: datetime) -> int:
    """Take up those of the given flips (None: any) that were not yet; return how many.

    Safe to repeat and to run in parallel.
    """
    prepare_links()
    if flip_ids is None:
        flip_ids = _unrouted()
    crowded: set[int] = set()
    together = _take_up_crowds(flip_ids, now)
    if together:
        flip_ids = list(_waiting().filter(pk__in=flip_ids).values_list("pk", flat=True))
    one_by_one = sum(
        _take_up_all_but_bad(ids, now, crowded) for ids in _chunks(sorted(set(flip_ids)))
    )
    if crowded:
        recount_stored(crowded)
    return together + one_by_one


def _unrouted() -> list[int]:
    return list(_waiting().order_by("id").values_list("id", flat=True)[:MOST])


def _waiting() -> QuerySet[Flip]:
    return Flip.objects.filter(routed_at=None)


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))


def _take_up_crowds(flip_ids: Sequence[int], now: datetime) -> int:
    """Take up what is of one kind and many, together; where that fails, it is left."""
    if connection.vendor != "postgresql" or len(flip_ids) < MANY:
        return 0
    ids, done = sorted(set(flip_ids)), 0
    for start in range(0, len(ids), AT_ONCE):
        try:
            done += _take_up_crowd(ids[start : start + AT_ONCE], now)
        except OperationalError:  # the database is busy or away: no flip's fault
            raise
        except Exception:
            logger.exception("flips cannot be taken up together, so each is by itself")
    return done


@transaction.atomic
def _take_up_crowd(flip_ids: Sequence[int], now: datetime) -> int:
    """Take up the crowds among some flips; the sweep counts what of large ones is over."""
    ids, flows = crowds.claim(flip_ids)
    _lock_flows(flows)
    joinings, count = crowds.join(ids, now=now)
    if count:
        recount(_to_count(joinings, set()))
        _withhold_outdated(now)
        Teller(now).tell(joinings)
        live.announce_alerts([joining.incident.pk for joining in joinings])
    return count


def _withhold_outdated(now: datetime) -> None:
    """Supersede the warnings of all whose flips were taken up just now."""
    warned = pending_warnings().values("alert__journey")
    withhold_outdated(Flip.objects.filter(journey__in=warned, routed_at=now))


def _take_up_all_but_bad(flip_ids: Sequence[int], now: datetime, crowded: set[int]) -> int:
    """Take up a chunk; where that fails, its halves: one bad flip stops no other.

    The bad one stays unrouted, which the health page shows, and is tried again by each sweep.
    """
    try:
        return _take_up(flip_ids, now, crowded)
    except OperationalError:  # the database is busy or away: no flip's fault
        raise
    except Exception:
        if len(flip_ids) == 1:
            logger.exception("flip %d cannot be taken up", flip_ids[0])
            return 0
    half = len(flip_ids) // 2
    halves = flip_ids[:half], flip_ids[half:]
    return sum(_take_up_all_but_bad(ids, now, crowded) for ids in halves)


@transaction.atomic
def _take_up(flip_ids: Sequence[int], now: datetime, crowded: set[int]) -> int:
    flips = _claim(flip_ids)
    if not flips:
        return 0
    _lock_flows(flip.journey.flow_id for flip in flips)
    alerts = decide(flips)
    joinings = join(alerts, now=now)
    Alert.objects.bulk_create(alerts)
    recount(_to_count(joinings, crowded))
    withhold_outdated(flips)
    Teller(now).tell(joinings)
    Flip.objects.filter(pk__in=[flip.pk for flip in flips]).update(routed_at=now)
    live.announce_alerts([joining.incident.pk for joining in joinings])
    logger.debug("%d flips: %d alerts in %d incidents", len(flips), len(alerts), len(joinings))
    return len(flips)


def _to_count(joinings: Iterable[Joining], crowded: set[int]) -> list[Incident]:
    """Return the incidents to count now; large ones that tell nothing are left for the end.

    To count one costs what it holds: with each chunk of a burst that would be the burst squared.
    """
    incidents = [joining.incident for joining in joinings]
    left = [one for one in incidents if one.events > CROWD and one.rank <= one.told_rank]
    crowded.update(one.pk for one in left)
    return [one for one in incidents if one not in left]


def _claim(flip_ids: Sequence[int]) -> list[Flip]:
    """Lock unrouted flips, oldest first; those that another worker holds are left to it."""
    rows = Flip.objects.select_for_update(of=("self",), skip_locked=True)
    wanted = rows.filter(routed_at=None, pk__in=flip_ids)
    return list(wanted.select_related("journey").only(*_NEEDED).order_by("id"))


def _lock_flows(flow_ids: Iterable[int]) -> None:
    """Make others who route flips of these flows wait; in order of id, so that none deadlock."""
    rows = Flow.objects.select_for_update(no_key=True).filter(pk__in=set(flow_ids))
    list(rows.order_by("id").values_list("id"))
