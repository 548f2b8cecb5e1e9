"""The ingest benchmark: its records hold what the load holds, and it counts what is read."""

from collections import Counter

from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from slatrack.bench.collecting import as_sent, by_trace
from slatrack.bench.load import Load

LOAD = Load(800)


def spans(values):
    return Counter(
        (service.resource.SerializeToString(), span.SerializeToString())
        for value in values
        for service in TracesData.FromString(value).resource_spans
        for scope in service.scope_spans
        for span in scope.spans
    )


def traces(value):
    found = TracesData.FromString(value).resource_spans
    return {span.trace_id.hex().encode() for one in found for span in one.scope_spans[0].spans}


def test_records_split_by_trace_hold_the_same_spans_and_name_their_trace():
    split = list(by_trace(LOAD.records()))

    assert spans(value for _, value in split) == spans(LOAD.records())
    assert all(traces(value) == {key} for key, value in split)
    noise = 4 * 13  # records of 100 spans, 8 to a trace
    assert len(split) == 50 * 4 + noise


def test_records_as_sent_have_no_key():
    assert list(as_sent(LOAD.records())) == [(None, record) for record in LOAD.records()]
