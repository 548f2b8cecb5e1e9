"""Clocks that differ: by how much at least, for each pair of hosts where an effect came first."""

from collections.abc import Mapping, Sequence
from typing import Any

from slatrack.domain.legs import Leg, Seen
from slatrack.tracking.evidence import Evidence

# What names the machine whose clock a span was timed by, most exact first.
HOSTS = ("host.name", "k8s.pod.name", "k8s.node.name", "container.id", "service.instance.id")
MILLISECOND = 1_000_000  # nanoseconds


def skews(legs: Sequence[Leg], seen: Seen, evidence: Evidence) -> list[dict[str, Any]]:
    """Return the pairs of hosts with the least by which the second's clock must be behind."""
    if not any(leg.skew for leg in legs):
        return []
    spans = {(one["trace_id"], one["span_id"]): one for one in evidence.shown}
    found: dict[tuple[str, str], int] = {}
    for leg in legs:
        if leg.skew:
            pair = (_host(leg.before, seen, spans), _host(leg.after, seen, spans))
            found[pair] = max(found.get(pair, 0), leg.skew)
    return [
        {"ahead": ahead, "behind": behind, "at_least_ms": skew / MILLISECOND}
        for (ahead, behind), skew in sorted(found.items())
    ]


def _host(step: str, seen: Seen, spans: Mapping[tuple[str, str], Mapping[str, Any]]) -> str:
    """The host of the span that begins a step; its service where it names none."""
    at = seen.spans.get(step)
    span = spans.get((at[0][0].hex(), at[0][1].hex())) if at else None
    if span is None:
        return step
    named = (span["resource"].get(name) for name in HOSTS)
    return str(next((one for one in named if one), span["service"]))[:200]
