"""What went wrong on an event's way: the exceptions that its spans carry, in order of time."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MOST = 20  # shown at once; the others are at their spans
LONGEST = 300  # characters of a message, at the head and in the list


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure: what a span says of it."""

    at: str
    service: str
    span: str
    span_id: str
    step: str
    kind: str
    message: str

    @property
    def short(self) -> str:
        """The kind without its package."""
        return self.kind.rstrip(".").rpartition(".")[2]


def faults(spans: Iterable[Mapping[str, Any]]) -> list[Fault]:
    """Return the exceptions of all spans by time; of a failed span without one, its status."""
    return sorted((one for span in spans for one in _of(span)), key=lambda one: one.at)


def _of(span: Mapping[str, Any]) -> Iterator[Fault]:
    events = [event for event in span["events"] if event["name"] == "exception"]
    for event in events:
        yield _fault(span, event["time"] or span["end"], event["attributes"], "")
    said = span["attributes"]
    if not events and (span["error"] or "exception.type" in said):
        yield _fault(span, span["end"], said, span["status_message"])


def _fault(span: Mapping[str, Any], at: str, said: Mapping[str, Any], status: str) -> Fault:
    kind = said.get("exception.type") or said.get("error.type") or ""
    message = said.get("exception.message") or status or ""
    return Fault(
        at=at,
        service=span["service"] or "",
        span=span["name"],
        span_id=span["span_id"],
        step=span["step"] or "",
        kind=str(kind)[:LONGEST],
        message=str(message)[:LONGEST],
    )


def in_words(found: Fault) -> str:
    """Return "Type: message"; empty where the span says neither."""
    return ": ".join(one for one in (found.kind, found.message) if one)[:LONGEST]
