"""A sample of the spans that belong to no event: the newest, bounded in time and number."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from slatrack.domain.facts import Fact
from slatrack.domain.spans import Kind, Span
from slatrack.otlp.decoding import Wanted
from slatrack.otlp.rereading import attribute_names, reread
from slatrack.tracking import models, span_blocks
from slatrack.tracking.packing import unpack_trace

MOST_SPANS = 10_000
MOST_TRACES = 20_000  # of which the facts are looked at
CALLS = 0.3  # share of the sample that traces without any message may take
MOST_NAMES = 200  # attributes
WITHIN = timedelta(hours=6)
_MESSAGES = (Kind.PRODUCER, Kind.CONSUMER)


@dataclass(frozen=True, slots=True)
class Sampled:
    """The sample, and of how much it is one: `parked` traces were there, as far as counted."""

    spans: list[Span]
    traces: int
    parked: int


def sample(*, now: datetime, within: timedelta = WITHIN, most: int = MOST_SPANS) -> Sampled:
    """Return the newest parked traces in full, those that hand messages on before others.

    Traces of nothing but work inside of services (database calls, jobs) are not read at all.
    """
    parked = models.Trace.objects.filter(bound=False, created_at__gte=now - within)
    chosen: dict[bytes, tuple[int, ...]] = {}
    calls: dict[bytes, tuple[int, ...]] = {}
    left, left_for_calls = most, int(most * CALLS)
    for row_id, state in (
        parked.order_by("-created_at").values_list("id", "state")[:MOST_TRACES].iterator(500)
    ):
        stored = unpack_trace(state)
        facts = stored.trace.facts.values()
        if _hands_on(facts) and left > 0:
            left -= len(facts)
            chosen[row_id.bytes] = stored.blocks
        elif _is_called(facts) and left_for_calls > 0:
            left_for_calls -= len(facts)
            calls[row_id.bytes] = stored.blocks
    if left > 0:
        chosen |= calls
    stored_spans = span_blocks.load(chosen)
    wanted = Wanted(attribute_names(stored_spans, most=MOST_NAMES))
    return Sampled(reread(stored_spans, wanted=wanted, now=now), len(chosen), parked.count())


def _hands_on(facts: Iterable[Fact]) -> bool:
    return any(one.kind in _MESSAGES or one.links for one in facts)


def _is_called(facts: Iterable[Fact]) -> bool:
    return any(one.kind == Kind.SERVER for one in facts)
