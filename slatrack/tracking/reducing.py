"""Reducing: from the spans of a batch to facts, trace by trace.

Of a trace whose spans are all mute (slatrack.domain.mute) nobody asks for facts one by one: they
are written column by column, from the spans. Where such a trace is known already, or is more than
that, its spans are reduced as all others are.
"""

import logging
from collections import defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from slatrack.domain.facts import MAX_FACTS, Fact, fact, place
from slatrack.domain.matching import NOTHING
from slatrack.domain.spans import Span
from slatrack.tracking.flows import Flows

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Reduced:
    """What the spans of a batch come to."""

    spans: list[Span] = field(default_factory=list)
    facts: dict[bytes, list[Fact]] = field(default_factory=dict)  # of these spans, by trace
    speaking: set[bytes] = field(default_factory=set)  # traces whose facts say more
    mute: dict[bytes, list[Span]] = field(default_factory=dict)  # by trace, all of its spans

    @property
    def traces(self) -> list[bytes]:
        """All traces of the batch."""
        return [*self.facts, *self.mute]

    def hear(self, known: Container[bytes]) -> None:
        """Reduce mute traces too that are `known` already, or hold a span twice, or very many."""
        for trace_id, spans in list(self.mute.items()):
            once = len({one.span_id for one in spans}) == len(spans) <= MAX_FACTS
            if trace_id in known or not once:
                self._hear(trace_id)

    def _hear(self, trace_id: bytes) -> None:
        spans = self.mute.pop(trace_id)
        self.spans += spans
        self.facts.setdefault(trace_id, []).extend(map(place, spans))


def reduce(spans: Iterable[Span], flows: Flows) -> Reduced:
    """Reduce `spans` to facts, but for those of traces that are mute."""
    facts: dict[bytes, list[Fact]] = defaultdict(list)
    mute: dict[bytes, list[Span]] = defaultdict(list)
    found = Reduced(mute=mute)
    heard, speaking, mark = found.spans, found.speaking, flows.mute.mark
    match, by_name = flows.matcher.match, flows.flows
    for span in spans:
        if span.attributes is mark:
            mute[span.trace_id].append(span)
            continue
        try:
            matched = match(span)
            one = fact(span, matched, by_name)
            if matched is not NOTHING or one.side or one.links:
                speaking.add(span.trace_id)
        except Exception:  # one bad span stops no other: it keeps its place, and its bytes
            logger.exception("span %s %r could not be matched", span.span_id.hex(), span.name)
            one = fact(span, NOTHING, by_name)
            speaking.add(span.trace_id)
        heard.append(span)
        facts[span.trace_id].append(one)
    found.facts, found.mute = dict(facts), dict(mute)
    for trace_id in [one for one in mute if one in facts]:
        found._hear(trace_id)
    return found
