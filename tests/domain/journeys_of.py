"""From spans to folded journeys through the domain alone, as the recorder does it at rest."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from slatrack.domain.facts import EMPTY, fact, merge
from slatrack.domain.flows import Flow
from slatrack.domain.journeys import Journey, fold
from slatrack.domain.matching import Matcher
from slatrack.domain.parts import contributions
from slatrack.domain.spans import Span


def journeys_of(flows: Sequence[Flow], *batches: Iterable[Span]) -> dict[tuple[str, str], Journey]:
    """Return the journeys that the batches make, by (flow, key)."""
    matcher, by_name = Matcher(flows), {flow.name: flow for flow in flows}
    traces = defaultdict(lambda: EMPTY)
    for batch in batches:
        for span in batch:
            new = fact(span, matcher.match(span), by_name)
            traces[span.trace_id] = merge(traces[span.trace_id], [new])
    parts = defaultdict(dict)
    for trace_id, trace in traces.items():
        for event, one in contributions(trace).items():
            parts[event][trace_id] = one
    folded = {event: fold(by_name[event[0]], event[1], found) for event, found in parts.items()}
    return {event: journey for event, journey in folded.items() if journey is not None}
