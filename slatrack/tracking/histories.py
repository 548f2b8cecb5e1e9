"""The histories that forecasts rest on, as stored and as each process has them in memory."""

import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from threading import Lock

from msgspec import msgpack

from slatrack.domain.forecasts.history import History, Past
from slatrack.tracking.forecast_models import FlowHistory, HourHistory

FRESH = 5.0  # seconds before a process looks again whether something was learnt

_encoder = msgpack.Encoder()
_decoder = msgpack.Decoder(list[Past])
_lock = Lock()


class _Kept:
    """What this process has read, by flow: when it was changed, and the history."""

    def __init__(self) -> None:
        self.until = 0.0
        self.known: dict[int, tuple[object, History]] = {}


_kept = _Kept()


def pack(events: Iterable[Past]) -> bytes:
    """Return the bytes of some past events."""
    return _encoder.encode(list(events))


def unpack(data: bytes | memoryview) -> list[Past]:
    """Return what `pack` packed."""
    return _decoder.decode(data)


def current() -> Mapping[int, History]:
    """Return the histories by flow id. One small query, at most every few seconds."""
    with _lock:
        if time.monotonic() >= _kept.until:
            stamps = dict(FlowHistory.objects.values_list("flow_id", "changed_at"))
            for flow_id, stamp in stamps.items():
                if flow_id not in _kept.known or _kept.known[flow_id][0] != stamp:
                    _kept.known[flow_id] = stamp, _read(flow_id)
            for gone in _kept.known.keys() - stamps.keys():
                del _kept.known[gone]
            _kept.until = time.monotonic() + FRESH
        return {flow_id: history for flow_id, (_, history) in _kept.known.items()}


def forget() -> None:
    """Read afresh at the next call."""
    _kept.until = 0.0
    _kept.known.clear()


def _read(flow_id: int) -> History:
    rows = HourHistory.objects.filter(flow=flow_id).values_list("events", flat=True)
    ended = [past for data in rows for past in unpack(data)]
    ended.sort(key=lambda past: past.started + past.watched)
    state = FlowHistory.objects.filter(flow=flow_id).values_list("on_way", "delay_seconds").first()
    on_way, delay = state or (pack(()), 0.0)
    return History([*ended, *unpack(on_way)], delay)


def read_to(history: History, *, now: datetime, watermark: datetime | None) -> datetime:
    """Return up to when it is known of the events of a flow what has not happened."""
    return min(now - timedelta(seconds=history.delay), watermark or now)
