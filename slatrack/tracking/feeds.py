"""Which topics each flow waits for: what has been learnt, as every process knows it.

Where anything is not known, a flow waits for all (slatrack.domain.feeding).
"""

import time
from collections import defaultdict
from collections.abc import Mapping
from threading import Lock

from slatrack.domain.feeding import Feeding, apart
from slatrack.tracking import flows as flows_in_force
from slatrack.tracking.heard import MOST
from slatrack.tracking.models import Flow, FlowFeed, Speaker, TopicRead

FRESH = 5.0  # seconds before a process looks again whether something was learnt
Apart = Mapping[str, frozenset[str]]


class _Kept:
    """What this process has read, and until when that is good enough."""

    until = 0.0
    apart: Apart = {}


_lock = Lock()


def current() -> Apart:
    """Return by flow the topics that it need not wait for; flows that wait for all are absent."""
    with _lock:
        if time.monotonic() >= _Kept.until:
            _Kept.apart = read()
            _Kept.until = time.monotonic() + FRESH
        return _Kept.apart


def forget() -> None:
    """Read afresh at the next call."""
    _Kept.until = 0.0


def read() -> Apart:
    """Return what `current` does, as it is now. A table of speakers that is full tells nothing."""
    looks = topics()
    if len(looks) < 2:
        return {}
    speakers = heard_on()
    if sum(map(len, speakers.values())) >= MOST:
        return {}
    found = {name: apart(one, speakers, looks) for name, one in feedings().items()}
    return {name: some for name, some in with_children(found, _parents()).items() if some}


def with_children(found: Apart, parents: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Return `found` so that a flow waits also for what its children wait for, and theirs."""
    waits = dict(found)
    for _ in range(len(parents)):  # as deep as families may be
        for child, parent in parents.items():
            if parent in waits:
                waits[parent] &= waits.get(child, frozenset())
    return waits


def _parents() -> dict[str, str]:
    flows = flows_in_force.current().flows.values()
    return {flow.name: flow.parent.flow for flow in flows if flow.parent}


def topics() -> dict[str, int]:
    """Return how often each topic was found read to its end."""
    return dict(TopicRead.objects.values_list("topic", "looks"))


def heard_on() -> dict[str, set[str]]:
    """Return the services heard on each topic."""
    speakers: dict[str, set[str]] = defaultdict(set)
    for service, topic in Speaker.objects.values_list("service", "topic")[:MOST]:
        speakers[topic].add(service)
    return speakers


def feedings() -> dict[str, Feeding]:
    """Return what is known of each flow, as its document is now."""
    rows = Flow.objects.filter(enabled=True).select_related("feed").order_by("name")
    return {row.name: _feeding(row) for row in rows}


def _feeding(row: Flow) -> Feeding:
    feed: FlowFeed | None = getattr(row, "feed", None)
    if feed is None or feed.version != row.version:
        return Feeding()
    return Feeding(frozenset(feed.services), feed.events, feed.whole)
