"""What the spans of recent events carry: the values of some attributes, read from the evidence."""

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from slatrack.domain.deadline_doubts import Seen
from slatrack.domain.matches import as_text
from slatrack.otlp.decoding import Wanted
from slatrack.otlp.rereading import reread
from slatrack.tracking import models, span_blocks
from slatrack.tracking.packing import unpack_parts, unpack_trace

NEWEST = 1000  # events whose kept attributes are looked at
WITH_SPANS = 30  # events whose spans are
MOST_TRACES = 200
MOST_VALUES = 200  # of one attribute, counted


def seen_values(
    flow: models.Flow, kept: Collection[str], names: Collection[str], *, now: datetime
) -> Seen:
    """Return the values of `names` in the newest events of a flow.

    Those that its journeys keep (`kept`) are read there; others from the spans of fewer events.
    """
    rows = models.Journey.objects.filter(flow=flow).order_by("-started_at")
    newest = list(rows.values_list("attributes", flat=True)[:NEWEST])
    values: dict[str, Counter[str]] = defaultdict(Counter)
    for attributes in newest:
        for name in names:
            if name in attributes:
                values[name][as_text(attributes[name])] += 1
    others = frozenset(names) - set(kept)
    if newest and others:
        _add_spans(values, _traces(rows), others, now)
    most = {name: min(len(newest), WITH_SPANS) if name in others else len(newest) for name in names}
    commonest = {name: Counter(dict(v.most_common(MOST_VALUES))) for name, v in values.items()}
    return Seen(most, commonest)


def _traces(rows: QuerySet[models.Journey]) -> list[UUID]:
    parts = rows.values_list("parts", flat=True)[:WITH_SPANS]
    ids = {trace_id for some in parts if some for trace_id in unpack_parts(some)}
    return [UUID(bytes=trace_id) for trace_id in sorted(ids)[:MOST_TRACES]]


def _add_spans(
    values: dict[str, Counter[str]], ids: list[UUID], names: frozenset[str], now: datetime
) -> None:
    rows = models.Trace.objects.filter(id__in=ids).values_list("id", "state")
    blocks = {row_id.bytes: unpack_trace(state).blocks for row_id, state in rows}
    for span in reread(span_blocks.load(blocks), wanted=Wanted(names), now=now):
        for name in names & span.attributes.keys():
            found = span.attributes[name]
            for value in found if isinstance(found, tuple) else (found,):
                values[name][as_text(value)] += 1
