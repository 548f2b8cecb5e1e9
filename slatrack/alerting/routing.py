"""From flips to alerts, incidents and deliveries: the one way in.

Flips are taken up in chunks, one transaction each: what is decided, what it joins and what is to
be told are committed as the flip leaves the queue and becomes history, or none of it is. Two
workers may run at once: they take different flips, and wait for each other where the flow is the
same.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, connection, transaction

from slatrack import live
from slatrack.alerting import crowds
from slatrack.alerting.counting import recount
from slatrack.alerting.deciding import decide
from slatrack.alerting.joining import Joining, join
from slatrack.alerting.messages import prepare_links
from slatrack.alerting.models import Alert, Incident
from slatrack.alerting.telling import Teller, pending_warnings, withhold_outdated
from slatrack.tracking import flip_rows
from slatrack.tracking.models import Flow, UnroutedFlip

logger = logging.getLogger(__name__)

CHUNK = 500  # flips a transaction: short enough that the recorder hardly waits
MOST = 20_000  # flips a sweep
MANY = 100  # flips among which crowds are looked for
AT_ONCE = 5_000  # flips among which they are, a transaction
RECENT = timedelta(seconds=0.6)  # ago: who recorded flips since then is at the next ones
MASSES = 2_000  # flips that wait and were recorded since then: deadlines are decided in masses
FEW = 1_000  # flips a transaction meanwhile
GIVES_WAY = 10.0  # times as long as a chunk took; of FEW flips it is half a second
CROWD = 100  # events of an incident that the sweep counts, not each chunk that joins it

_UNREAD = ("journey__parts", "journey__attributes", "journey__children")  # wide, and not needed


def take_up(flip_ids: Sequence[int] | None = None, *, now: datetime) -> int:
    """Take up those of the given UnroutedFlips (None: all) that wait still; return how many.

    Safe to repeat and to run in parallel.
    """
    prepare_links()
    together, left = 0, _waiting(flip_ids, most=MANY)
    if len(left) == MANY:
        together, looked_to = _take_up_crowds(flip_ids, now)
        left = _waiting(flip_ids, to=looked_to)
    return together + sum(_take_up_all_but_bad(ids, now) for ids in _chunks(left))


def _waiting(
    flip_ids: Sequence[int] | None, *, to: int | None = None, most: int | None = None
) -> list[int]:
    """Return the first of some flips (None: of all, as many as a sweep takes) that wait."""
    rows = UnroutedFlip.objects.order_by("id").values_list("id", flat=True)
    if to is not None:
        rows = rows.filter(id__lte=to)
    if flip_ids is not None:
        return list(rows.filter(pk__in=flip_ids)[:most])
    return list(rows[: most or MOST])


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))


def _take_up_crowds(flip_ids: Sequence[int] | None, now: datetime) -> tuple[int, int | None]:
    """Take up what is of one kind and many, together; where that fails, it is left.

    Returns how many flips were taken up, and to which it looked; None: it looked at all.
    """
    if connection.vendor != "postgresql":
        return 0, None
    done = seen = after = 0
    start = time.monotonic()
    limit = FEW if _deciding(now) else AT_ONCE
    while flip_ids is not None or seen < MOST:
        began = time.monotonic()
        try:
            claimed, count = _take_up_crowd(flip_ids, after, now, limit)
        except (OperationalError, InterfaceError):  # the database is busy or away: no flip's fault
            raise
        except Exception:
            logger.exception("flips cannot be taken up together, so each is by itself")
            return done, None
        done += count
        seen += claimed.number
        if claimed.last is None or claimed.number < MANY:
            return done, None
        after = claimed.last
        ended = time.monotonic()
        deciding = _deciding(now + timedelta(seconds=ended - start))
        if deciding and claimed.number == limit:
            time.sleep(GIVES_WAY * (ended - began))
        limit = FEW if deciding else AT_ONCE
    return done, after


def _deciding(now: datetime) -> bool:
    """Whether deadlines are being decided in masses right now.

    Verdicts go first: people were told of what they have in common with the first chunk, and the
    alerts of the other events only join its incidents.
    """
    newest = UnroutedFlip.objects.order_by("-id").values_list("recorded_at", flat=True)
    return any(at > now - RECENT for at in newest[MASSES - 1 : MASSES])


@transaction.atomic
def _take_up_crowd(
    flip_ids: Sequence[int] | None, after: int, now: datetime, limit: int
) -> tuple[crowds.Claimed, int]:
    """Take up the crowds among the next flips; the sweep counts what of large ones is over."""
    claimed = crowds.claim(flip_ids, after=after, limit=limit)
    if claimed.number < MANY:
        return claimed, 0
    _lock_flows(claimed.flows)
    of_warned = _of_warned(claimed)
    joinings, count = crowds.join(claimed, now=now)
    if count:
        recount(_to_count(joinings))
        _withhold_outdated(of_warned)
        Teller(now).tell(joinings)
        live.announce_alerts([joining.incident.pk for joining in joinings])
    return claimed, count


def _of_warned(claimed: crowds.Claimed) -> dict[int, UnroutedFlip]:
    """Return claimed flips, by place in the queue, of events with a warning yet to be sent."""
    warned = set(pending_warnings().values_list("alert__journey", flat=True))
    if not warned:
        return {}
    rows = UnroutedFlip.objects.filter(pk__in=claimed.numbers(), journey__in=warned)
    return {row.pk: row for row in rows}


def _withhold_outdated(of_warned: dict[int, UnroutedFlip]) -> None:
    """Supersede the warnings of those that were taken up."""
    if of_warned:
        left = UnroutedFlip.objects.filter(pk__in=of_warned).values_list("pk", flat=True)
        withhold_outdated(of_warned[pk] for pk in of_warned.keys() - set(left))


def _take_up_all_but_bad(flip_ids: Sequence[int], now: datetime) -> int:
    """Take up a chunk; where that fails, its halves: one bad flip stops no other.

    The bad one stays unrouted, which the health page shows, and is tried again by each sweep.
    """
    try:
        return _take_up(flip_ids, now)
    except (OperationalError, InterfaceError):  # the database is busy or away: no flip's fault
        raise
    except Exception:
        if len(flip_ids) == 1:
            logger.exception("flip %d cannot be taken up", flip_ids[0])
            return 0
    half = len(flip_ids) // 2
    halves = flip_ids[:half], flip_ids[half:]
    return sum(_take_up_all_but_bad(ids, now) for ids in halves)


@transaction.atomic
def _take_up(flip_ids: Sequence[int], now: datetime) -> int:
    waiting = _claim(flip_ids)
    if not waiting:
        return 0
    _lock_flows(row.flow_id for row in waiting)
    alerts = decide(waiting)
    joinings = join(alerts, now=now)
    Alert.objects.bulk_create(alerts)
    recount(_to_count(joinings))
    withhold_outdated(waiting)
    Teller(now).tell(joinings)
    flip_rows.make_history([row.pk for row in waiting])
    live.announce_alerts([joining.incident.pk for joining in joinings])
    logger.debug("%d flips: %d alerts in %d incidents", len(waiting), len(alerts), len(joinings))
    return len(waiting)


def _to_count(joinings: Iterable[Joining]) -> list[Incident]:
    """Return the incidents to count now; large ones that tell nothing are left for the sweep.

    To count one costs what it holds: with each chunk of a burst that would be the burst squared.
    Until then those that joined are added to what was counted before.
    """
    incidents = [joining.incident for joining in joinings]
    return [one for one in incidents if one.events <= CROWD or one.rank > one.told_rank]


def _claim(flip_ids: Sequence[int]) -> list[UnroutedFlip]:
    """Lock unrouted flips, oldest first; those that another worker holds are left to it."""
    rows = UnroutedFlip.objects.select_for_update(skip_locked=True, of=("self",))
    found = rows.filter(pk__in=flip_ids).select_related("journey").defer(*_UNREAD)
    return list(found.order_by("id"))


def _lock_flows(flow_ids: Iterable[int]) -> None:
    """Make others who route flips of these flows wait; in order of id, so that none deadlock."""
    rows = Flow.objects.select_for_update(no_key=True).filter(pk__in=set(flow_ids))
    list(rows.order_by("id").values_list("id"))
