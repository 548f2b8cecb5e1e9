"""Binding: which spans of a trace belong to which events, and why.

A span that carries an event key belongs to that event. Any other belongs to the event of its
nearest keyed ancestor; else to those of its nearest keyed descendants (one request with a hundred
trades); else, within the same process, to those of its nearest bound ancestor. Where a parent was
never exported none of these is found: then, if the trace knows only one event, the span is that
event's by trace, which is weaker evidence, since another event may yet turn up.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from slatrack.domain.facts import Fact, TraceFacts, tied_to_others
from slatrack.domain.graph import BoundBy, Graph
from slatrack.domain.trees import Tree

__all__ = ["Binding", "Bound", "BoundBy", "Event", "Group", "bind", "flows_of", "only_event"]

MAX_WORK = 200_000  # events x (groups + step spans) of one flow in one trace: see `_affordable`


class Bound(NamedTuple):
    """One span in one journey. `shared` counts the events of the flow that it belongs to."""

    fact: Fact
    by: BoundBy
    shared: int


class Group(NamedTuple):
    """The spans of a trace that belong to the same events for the same reason, in order of id."""

    keys: tuple[str, ...]
    by: BoundBy
    facts: list[Fact]


Event = tuple[str, str]  # flow, key


class Binding(NamedTuple):
    """The groups of spans of each event, by (flow, key).

    `truncated` when some spans were left out, because they are shared by too many events.
    """

    groups: dict[Event, list[Group]]
    truncated: bool

    def spans(self, event: Event) -> list[Bound]:
        """Return the spans of one event, in order of span id."""
        return sorted(
            Bound(fact, group.by, len(group.keys))
            for group in self.groups.get(event, ())
            for fact in group.facts
        )


def bind(trace: TraceFacts) -> Binding:
    """Return which spans of the trace belong to which events.

    An event is left out while none of its spans here proves a step of the flow: an attribute that
    happens to have the right name makes no journey.
    """
    facts = trace.facts
    proven = {flow for one in facts.values() if one.steps for flow, _ in one.steps}
    alone = not tied_to_others(trace)
    graph: Graph | None = None
    events: dict[Event, list[Group]] = {}
    truncated = bool(trace.given) and any(claims.cut for claims in trace.given.values())
    flows = flows_of(trace)
    for flow, keys in flows.items():
        if flow not in proven:
            continue
        if (
            alone
            and len(keys) == 1
            and (simple := _simple(facts, flow, *keys, only=len(flows) == 1))
        ):
            events[flow, next(iter(keys))] = simple
            continue
        graph = graph or Graph(trace)
        found, cut = _bind_flow(graph, flow)
        events |= {(flow, key): groups for key, groups in found.items()}
        truncated = truncated or cut
    return Binding(events, truncated)


def flows_of(trace: TraceFacts) -> dict[str, dict[str, None]]:
    """Return the flows that a trace may know events of, with the keys that its own spans carry."""
    keys: dict[str, dict[str, None]] = defaultdict(dict)
    for one in trace.facts.values():
        for flow, key in one.keys:
            keys[flow][key] = None
        for flow, _ in one.instead:
            keys[flow]
    for claims in trace.given.values():
        for part in claims.parts:
            for flow, _ in part:
                keys[flow]
    return keys


def _bind_flow(graph: Graph, flow: str) -> tuple[dict[str, list[Group]], bool]:
    tree = Tree(graph, flow, most_shared=MAX_WORK)
    groups, cut = _affordable(_groups(tree, only_event(tree)), flow)
    events: dict[str, list[Group]] = defaultdict(list)
    proven: set[str] = set()
    for group in groups:
        for key in group.keys:
            events[key].append(group)
        if any(name == flow for one in group.facts for name, _ in one.steps):
            proven.update(group.keys)
    return {key: events[key] for key in sorted(proven)}, cut or tree.truncated


def only_event(tree: Tree) -> tuple[str, ...]:
    """Return the one event that a trace knows; none where it knows several, or none.

    It also knows those of who links to a span of it that never came.
    """
    known = {keys for keys in tree.owners.values() if keys}
    known |= {keys for _, claims in tree.graph.unseen if (keys := tuple(tree.of(claims.below)))}
    if len(known) > 1 or not known:
        return ()
    [keys] = known
    return keys if len(keys) == 1 else ()


def _simple(facts: Mapping[bytes, Fact], flow: str, key: str, *, only: bool) -> list[Group]:
    """The usual case without a tree: one event, each span keyed or next to one that is.

    `only` if no span says anything of another flow.
    """
    keyed = [one for one in facts.values() if one.keys]
    if not only:
        keyed = [one for one in keyed if any(name == flow for name, _ in one.keys)]
    if [one for one in keyed if flow in one.by_message_key]:
        return []
    groups = [Group((key,), BoundBy.KEY, sorted(keyed))]
    if len(keyed) == len(facts):
        return groups
    ids = {one.span_id for one in keyed}
    parents = {one.parent_id for one in keyed}
    others = [one for one in facts.values() if one.span_id not in ids]
    if [one for one in others if one.span_id not in parents and one.parent_id not in ids]:
        return []
    return [*groups, Group((key,), BoundBy.ANCESTRY, sorted(others))]


def _groups(tree: Tree, only: tuple[str, ...]) -> Iterator[Group]:
    """Yield the groups; spans that belong nowhere are those of the `only` event there is, if so."""
    groups: dict[tuple[tuple[str, ...], BoundBy], list[Fact]] = defaultdict(list)
    for span_id in sorted(tree.facts):
        keys = tree.owners.get(span_id) or (() if span_id in tree.graph.joined else only)
        sure = span_id in tree.owners and span_id not in tree.unsure
        if keys:
            by = tree.by[span_id] if sure else BoundBy.TRACE
            groups[keys, by].append(tree.facts[span_id])
    for (keys, by), found in groups.items():
        yield Group(keys, by, found)


def _affordable(groups: Iterable[Group], flow: str) -> tuple[list[Group], bool]:
    """Leave out the most shared groups where all together would be too much: no input stops us."""
    found = list(groups)
    if sum(len(group.keys) * (1 + len(group.facts)) for group in found) <= MAX_WORK:
        return found, False
    kept: list[Group] = []
    work, cut = 0, False
    for group in sorted(found, key=lambda g: (len(g.keys), g.keys, g.by)):
        steps = sum(1 for one in group.facts for name, _ in one.steps if name == flow)
        work += len(group.keys) * (1 + steps)
        if work > MAX_WORK and len(group.keys) > 1:
            cut = True
        else:
            kept.append(group)
    return kept, cut
