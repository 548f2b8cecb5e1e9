"""Telling: what a trace claims to each of its neighbours, of what they share.

Pure. A neighbour is another trace with a span that one of these links to, with one that links to
one of these, or with the other side of a message. What was claimed by a neighbour is never told
back to it as something new: claims go down, up or across, and are bounded.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property

from slatrack.domain.binding import MAX_WORK, flows_of, only_event
from slatrack.domain.claims import Claims, Events, How, Tie, united
from slatrack.domain.edges import Message, Side
from slatrack.domain.facts import TraceFacts
from slatrack.domain.graph import Graph
from slatrack.domain.trees import Tree

Telling = dict[bytes, dict[Tie, Claims]]


def neighbours(trace_id: bytes, trace: TraceFacts) -> set[bytes]:
    """Return the traces that share something with this one, as far as it knows."""
    found = {tie.other for tie in trace.given}
    for one in trace.facts.values():
        if one.links:
            found.update(link.trace_id for link in one.joins)
    return found - {trace_id}


def telling(trace_id: bytes, trace: TraceFacts) -> Telling:
    """Return what a trace claims: by neighbour, and by the tie as that neighbour sees it."""
    if not neighbours(trace_id, trace):
        return {}
    graph = Graph(trace)
    teller = _Teller(trace_id, trace, graph)
    found: Telling = defaultdict(dict)
    for (other, span_id), linking in graph.linking.items():
        if other != trace_id:
            found[other][Tie(How.LINKED, trace_id, span_id)] = teller.upward(linking)
    for tie in trace.given:
        if tie.how is How.LINKED:
            seen = tie.span_id in graph.facts
            told = teller.downward([tie.span_id]) if seen else teller.unseen()
            found[tie.other][Tie(How.LINKS, trace_id, tie.span_id)] = told
        elif tie.message is not None:
            found[tie.other].update(teller.of_message(tie.message))
    return dict(found)


class _Teller:
    def __init__(self, trace_id: bytes, trace: TraceFacts, graph: Graph) -> None:
        self.trace_id, self.trace, self.graph = trace_id, trace, graph
        self.flows = tuple(flows_of(trace))
        self.trees = [(tree, only_event(tree)) for tree in self._trees(graph)]

    def _trees(self, graph: Graph) -> list[Tree]:
        return [Tree(graph, flow, most_shared=MAX_WORK) for flow in self.flows]

    @cached_property
    def unheard(self) -> list[Tree]:
        """The trees without what other readers of the same messages claim.

        That is not told back to them: two could go on to quote each other when the source is gone.
        """
        given = {tie: said for tie, said in self.trace.given.items() if tie.how is not How.READ}
        if len(given) == len(self.trace.given):
            return [tree for tree, _ in self.trees]
        return self._trees(Graph(self.trace._replace(given=given)))

    def of_message(self, message: Message) -> Mapping[Tie, Claims]:
        """What this trace claims of a message that it wrote or read, or both."""
        found: dict[Tie, Claims] = {}
        if writers := self.graph.writers.get(message):
            found[Tie(How.WROTE, self.trace_id, b"", message)] = self.downward(writers)
        if readers := self.graph.readers.get(message):
            found[Tie(How.READ, self.trace_id, b"", message)] = self.across(readers)
        return found

    def upward(self, readers: Iterable[bytes]) -> Claims:
        """What readers claim to the writers of their messages."""
        readers = list(readers)
        return united(
            Claims(below=_events(tree.flow, tree.upward(span_id, tree.below)), cut=tree.truncated)
            for tree, _ in self.trees
            for span_id in readers
        )

    def downward(self, writers: Iterable[bytes]) -> Claims:
        """What writers claim to the readers of their messages."""
        writers = list(writers)
        return united(
            self._downward(tree, only, span_id) for tree, only in self.trees for span_id in writers
        )

    def _downward(self, tree: Tree, only: tuple[str, ...], span_id: bytes) -> Claims:
        if above := tree.above.get(span_id):
            return Claims(above=_events(tree.flow, above), cut=tree.truncated)
        if fallen := tree.fallen.get(span_id):
            return Claims(trace=_events(tree.flow, fallen), cut=tree.truncated)
        keys = tree.owners.get(span_id, () if span_id in tree.graph.joined else only)
        told = _events(tree.flow, keys)
        wrote = tree.facts[span_id].side == Side.PRODUCES
        if span_id in tree.owners and span_id not in tree.unsure and wrote:
            return Claims(beside=told, cut=tree.truncated)
        return Claims(unsure=told if len(told) == 1 else (), cut=tree.truncated)

    def unseen(self) -> Claims:
        """What this trace claims of a span that never came: the one event that its spans know."""
        return united(
            Claims(unsure=_events(tree.flow, only), cut=tree.truncated)
            for tree, only in self.trees
            if only in tree.owners.values()
        )

    def across(self, readers: Iterable[bytes]) -> Claims:
        """What readers claim to the writers, and to other readers, of one message."""
        readers = list(readers)
        return united(self._across(tree, span_id) for tree in self.unheard for span_id in readers)

    def _across(self, tree: Tree, span_id: bytes) -> Claims:
        below = _events(tree.flow, tree.upward(span_id, tree.below))
        above = tree.above.get(span_id, ())
        if len(above) > 1 and self.graph.edges(span_id) > 1:
            return Claims(below=below, cut=tree.truncated)
        beside: Events = ()
        if not above and span_id not in tree.unsure and span_id not in tree.below:
            beside = _events(tree.flow, tree.owners.get(span_id, ()))
        return Claims(_events(tree.flow, above), below, beside, cut=tree.truncated)


def _events(flow: str, keys: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((flow, key) for key in keys)
