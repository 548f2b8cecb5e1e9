"""Stencils: copies are the load's records, each span and event of their own."""

from itertools import chain

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from slatrack.bench.collecting import by_trace
from slatrack.bench.load import SECOND, event
from slatrack.bench.stencils import EVENTS_PER_WINDOW, KEY, Stream

BEGIN = 1_790_000_000 * SECOND
LAPS = 3


@pytest.fixture(scope="module")
def stream():
    made = Stream(seed=5, unreported=25, windows=3)
    made.prepare()
    return made


def parsed(copy):
    return TracesData.FromString(copy.value)


def spans(copies):
    return [span for one in copies for span in parsed(one).resource_spans[0].scope_spans[0].spans]


def keys(found):
    values = (attribute.value.string_value for span in found for attribute in span.attributes)
    return {value for value in values if KEY.fullmatch(value)}


def all_copies(stream):
    windows = range(LAPS * stream.windows)
    return list(chain.from_iterable(stream.window(n, BEGIN + n * SECOND) for n in windows))


def levelled(record):
    """Return a record without what copies may differ in."""
    for span in record.resource_spans[0].scope_spans[0].spans:
        span.start_time_unix_nano = span.end_time_unix_nano = 0
        span.trace_id, span.span_id = span.trace_id[:12], span.span_id[:4]
        span.parent_span_id = span.parent_span_id[:4]
        for attribute in span.attributes:
            if KEY.fullmatch(attribute.value.string_value):
                attribute.value.string_value = attribute.value.string_value[:12]
    return record


def test_each_span_and_each_event_is_its_own(stream):
    found = spans(all_copies(stream))
    windows = range(LAPS * stream.windows)

    assert len({(span.trace_id, span.span_id) for span in found}) == len(found)
    assert len({span.span_id for span in found}) == len(found) == stream.spans(windows)
    assert keys(found) == {key for _, key in stream.events(windows)}
    assert {copy.key for copy in all_copies(stream)} == {
        span.trace_id.hex().encode() for span in found
    }


def test_copies_are_the_records_of_the_load_but_for_ids_times_and_keys(stream):
    records = [levelled(TracesData.FromString(one)) for _, one in by_trace(stream.load.records())]

    assert [levelled(parsed(copy)) for copy in all_copies(stream)] == records * LAPS
    assert sum(copy.spans for copy in all_copies(stream)) == stream.spans(
        range(LAPS * stream.windows)
    )


def test_parents_are_copied_with_their_children(stream):
    found = spans(stream.window(stream.windows * 2 + 1, BEGIN))
    known = {(span.trace_id, span.span_id) for span in found}

    parents = {(span.trace_id, span.parent_span_id) for span in found if span.parent_span_id}
    assert parents
    assert parents <= known


def test_a_window_begins_when_it_is_told_to_and_goes_on_as_the_load_does(stream):
    number = stream.windows + 2
    first = number * EVENTS_PER_WINDOW
    found = spans(stream.window(number, BEGIN))
    of_events = [span for span in found if span.name.startswith("POST")]

    begins = [BEGIN + n * SECOND // 500 for n in range(EVENTS_PER_WINDOW)]
    assert [span.start_time_unix_nano for span in of_events] == begins
    assert all(s.end_time_unix_nano == s.start_time_unix_nano + 8_000_000 for s in of_events)
    reporting = keys(span for span in found if span.name.startswith("PUT"))
    stuck = {event(n)[1] for n in range(first, first + EVENTS_PER_WINDOW) if stream.stuck(n)}
    assert keys(found) - reporting == stuck != set()
