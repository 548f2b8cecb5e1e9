"""How long events usually go unseen after a step: the median of the recent ones, by place."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from statistics import median

from slatrack.domain.flows import Flow
from slatrack.domain.journeys import Journey as Folded
from slatrack.domain.journeys import fold
from slatrack.domain.legs import legs
from slatrack.tracking import flows
from slatrack.tracking.models import Journey
from slatrack.tracking.packing import unpack_parts

logger = logging.getLogger(__name__)

Place = tuple[int, str, bool]  # flow id, step, working there (waiting after it otherwise)
Usual = Mapping[Place, timedelta]

RECENT = 30  # journeys looked at per flow
FRESH = 60.0  # seconds for which the answer is kept
LEAST = timedelta(minutes=1)
TIMES = 3


def stuck_after(usual: timedelta) -> timedelta:
    """Return after how long an event that usually stays `usual` is called stuck."""
    return max(LEAST, TIMES * usual)


class _Kept:
    """The last answer, per process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.until = 0.0
        self.usual: Usual = {}


_kept = _Kept()


def usual() -> Usual:
    """Return the usual lengths; read afresh once a minute, by one caller at a time."""
    if time.monotonic() >= _kept.until and _kept.lock.acquire(blocking=False):
        _kept.until = time.monotonic() + FRESH
        try:
            _kept.usual = read()
        except Exception:
            logger.exception("The board shows no usual times for the next minute")
        finally:
            _kept.lock.release()
    return _kept.usual


def forget() -> None:
    """Read afresh at the next call."""
    _kept.until = 0.0


def read() -> Usual:
    """Return the median length by place over the last done journeys of each flow."""
    known = flows.current()
    lengths: dict[Place, list[int]] = defaultdict(list)
    for name, flow_id in known.ids.items():
        for one in _recent(flow_id, known.flows[name]):
            for leg in legs(one):
                unseen = leg.waiting + _work(one, leg.after)
                lengths[flow_id, leg.before, False].append(unseen)
                lengths[flow_id, leg.before, True].append(leg.working)
    return {place: timedelta(microseconds=median(all_) / 1000) for place, all_ in lengths.items()}


def _work(journey: Folded, step: str) -> int:
    """How long the work of a step takes: its span comes when that has ended."""
    seen = journey.seen(step)
    return seen.end - seen.start if seen else 0


def _recent(flow_id: int, flow: Flow) -> Iterable[Folded]:
    done = Journey.objects.filter(flow=flow_id, ended_at__isnull=False).order_by("-ended_at")
    for key, parts in done.values_list("key", "parts")[:RECENT]:
        if found := fold(flow, key, unpack_parts(parts)):
            yield found
