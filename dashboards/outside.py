"""Links from a journey to other tools, as this installation has them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone

from slatrack.domain.outside_links import LinkTemplate, times
from slatrack.tracking.models import Journey

TRACES = 5  # of a journey that get links; the others' are at their spans


class Link(NamedTuple):
    """A link of a trace or span."""

    name: str
    kind: str
    url: str


def span_links(row: Journey, span: Mapping[str, Any]) -> list[Link]:
    """Return the links of one span: its own, those of its trace, those of its logs."""
    start, end = (datetime.fromisoformat(span[name] or _never(row)) for name in ("start", "end"))
    values = {
        **_of_trace(row, span["trace_id"], start, end),
        "span_id": str(span["span_id"]),
        "service": str(span["service"] or ""),
        "span": str(span["name"]),
    }
    return [_link(one, values) for one in settings.SLATRACK.links]


def trace_links(row: Journey, trace_ids: list[str]) -> list[tuple[str, list[Link]]]:
    """Return the links of a journey's first traces, by trace id."""
    templates = [one for one in settings.SLATRACK.links if not one.needs_span]
    end = row.ended_at or timezone.now()
    return [
        (trace_id, [_link(t, _of_trace(row, trace_id, row.started_at, end)) for t in templates])
        for trace_id in (trace_ids[:TRACES] if templates else ())
    ]


def _of_trace(row: Journey, trace_id: str, start: datetime, end: datetime) -> dict[str, str]:
    return {
        "trace_id": trace_id,
        "flow": row.flow.name,
        "key": row.key,
        **times(start, end),
    }


def _link(one: LinkTemplate, values: Mapping[str, str]) -> Link:
    return Link(one.name, one.on, one.fill(values))


def _never(row: Journey) -> str:
    return row.started_at.isoformat()
