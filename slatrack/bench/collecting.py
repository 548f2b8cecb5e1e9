"""Records as a Collector writes them that keeps the spans of a trace in one partition.

With `partition_traces_by_id` the kafka exporter splits what it was sent: a record holds the spans
of one trace, resource and scope, and its key is the trace id (the Collector's batchpersignal).
"""

from collections.abc import Iterable, Iterator

from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, TracesData

Keyed = tuple[bytes | None, bytes]  # a record's key and value


def by_trace(records: Iterable[bytes]) -> Iterator[Keyed]:
    """Yield `records` split by trace, each with the trace's id in hexadecimal as its key."""
    for record in records:
        for resource in TracesData.FromString(record).resource_spans:
            for scope in resource.scope_spans:
                parts: dict[bytes, TracesData] = {}
                for span in scope.spans:
                    if span.trace_id not in parts:
                        parts[span.trace_id] = _part(resource, scope)
                    into = parts[span.trace_id].resource_spans[0].scope_spans[0]
                    into.spans.append(span)
                for trace_id, part in parts.items():
                    yield trace_id.hex().encode(), part.SerializeToString()


def as_sent(records: Iterable[bytes]) -> Iterator[Keyed]:
    """Yield `records` without a key: they go to the partitions in turn."""
    return ((None, record) for record in records)


def _part(resource: ResourceSpans, scope: ScopeSpans) -> TracesData:
    made = TracesData()
    into = made.resource_spans.add(resource=resource.resource, schema_url=resource.schema_url)
    into.scope_spans.add(scope=scope.scope, schema_url=scope.schema_url)
    return made
