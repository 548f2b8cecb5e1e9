"""Orders that split into legs, as real OTLP: bytes in, through the decoder, into the recorder."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span as Otlp

from slatrack.domain.spans import Span
from slatrack.otlp.decoding import Wanted, decode
from slatrack.tracking import flows, watcher
from slatrack.tracking.recorder import record
from tests.otlp.build import NOON, T0, export, failed, link, span

KINDS = {
    "server": Otlp.SPAN_KIND_SERVER,
    "producer": Otlp.SPAN_KIND_PRODUCER,
    "consumer": Otlp.SPAN_KIND_CONSUMER,
    "client": Otlp.SPAN_KIND_CLIENT,
}
SECOND = 10**9


def ident(name: str, size: int) -> bytes:
    return blake2b(name.encode(), digest_size=size).digest()


def sent(
    name: str,
    service: str,
    kind: str = "server",
    *,
    trace: str = "",
    parent: str = "",
    at: float = 0,
    took: float = 1,
    error: str = "",
    links: Iterable[str] = (),
    events: Iterable[Otlp.Event] = (),
    **attributes: Any,
) -> bytes:
    """Return a request with one span, `at` seconds after noon; `__` in a name stands for a dot."""
    one = span(
        name,
        {_dotted(key): value for key, value in attributes.items()},
        trace_id=ident(trace or name, 16),
        span_id=ident(name, 8),
        parent_span_id=ident(parent, 8) if parent else b"",
        kind=KINDS[kind],
        start_time_unix_nano=T0 + round(at * SECOND),
        end_time_unix_nano=T0 + round((at + took) * SECOND),
        links=[link(ident(trace_id, 16), ident(span_id, 8)) for trace_id, span_id in links],
        events=list(events),
        **({"status": failed(error)} if error else {}),
    )
    return export(one, resource={"service.name": service})


def _dotted(name: str) -> str:
    return name if "." in name else name.replace("__", ".")


def read(requests: Iterable[bytes]) -> list[Span]:
    wanted = Wanted(flows.current().wanted)
    return [
        one
        for data in requests
        for one in decode(data, wanted=wanted, now=NOON + timedelta(days=1)).spans
    ]


def store(requests: Iterable[bytes], *, at: float = 60) -> None:
    """Record all that the requests hold, `at` seconds after noon."""
    record(read(requests), now=after(at))


def settle(at: float = 60) -> None:
    while watcher.settle_due(now=after(at)):
        continue


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)
