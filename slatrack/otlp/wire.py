"""OTLP's trace messages as slatrack reads them: wire-compatible, with less decoded.

Strings are declared as bytes, so that one sender's bad UTF-8 cannot make a whole batch unreadable.
In the slim messages what is rarely looked at is bytes too: a span stays as received, and of its
attributes only the wanted ones are ever decoded. Tail is what a span has after its attributes; its
oneof tells whether a field comes that should have come before. Field numbers are those of
opentelemetry-proto. A request of log records has the same numbers down to its records, which stand
where spans do: Request, ResourceSpans and ScopeSpans read both.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

SCHEMA = """
Request:       1 resource_spans ResourceSpans*
ResourceSpans: 1 resource bytes, 2 scope_spans ScopeSpans*, 1000 old_scope_spans ScopeSpans*
ScopeSpans:    1 scope bytes, 2 spans bytes*
SlimSpan:      1 trace_id bytes, 2 span_id bytes, 4 parent_span_id bytes, 5 name bytes,
               6 kind int32, 7 start fixed64, 8 end fixed64, 9 attributes bytes*, 13 links bytes*,
               14 dropped_links uint32, 15 status bytes
Tail:          1 trace_id bytes|, 2 span_id bytes|, 4 parent_span_id bytes|, 5 name bytes|,
               6 kind int32|, 7 start fixed64|, 8 end fixed64|, 9 attributes bytes|,
               13 links bytes*, 14 dropped_links uint32, 15 status bytes
Resource:      1 attributes bytes*, 2 dropped_attributes_count uint32
Scope:         1 name bytes, 2 version bytes, 3 attributes bytes*, 4 dropped_attributes_count uint32
Span:          1 trace_id bytes, 2 span_id bytes, 3 trace_state bytes, 4 parent_span_id bytes,
               5 name bytes, 6 kind int32, 7 start fixed64, 8 end fixed64, 9 attributes bytes*,
               10 dropped_attributes_count uint32, 11 events bytes*, 12 dropped_events_count uint32,
               13 links bytes*, 14 dropped_links uint32, 15 status bytes, 16 flags fixed32
Event:         1 time fixed64, 2 name bytes, 3 attributes bytes*, 4 dropped_attributes_count uint32
Link:          1 trace_id bytes, 2 span_id bytes, 3 trace_state bytes, 4 attributes bytes*,
               5 dropped_attributes_count uint32, 6 flags fixed32
SlimLog:       9 trace_id bytes, 10 span_id bytes
LogRecord:     1 time fixed64, 2 severity int32, 3 severity_text bytes, 5 body bytes,
               6 attributes bytes*, 7 dropped_attributes_count uint32, 8 flags fixed32,
               9 trace_id bytes, 10 span_id bytes, 11 observed fixed64, 12 event_name bytes
Status:        2 message bytes, 3 code int32
KeyValue:      1 key bytes, 2 value AnyValue
AnyValue:      1 string_value bytes|, 2 bool_value bool|, 3 int_value int64|,
               4 double_value double|, 5 array_value ArrayValue|, 6 kvlist_value KeyValues|,
               7 bytes_value bytes|
ArrayValue:    1 values AnyValue*
KeyValues:     1 values KeyValue*
"""
PACKAGE = "slatrack.wire"
_Field = descriptor_pb2.FieldDescriptorProto


def _field(text: str) -> descriptor_pb2.FieldDescriptorProto:
    number, name, kind = text.split()
    plain = kind.rstrip("*|")
    field = _Field(name=name, number=int(number), label=_Field.LABEL_OPTIONAL)
    if kind.endswith("*"):
        field.label = _Field.LABEL_REPEATED
    if kind.endswith("|"):
        field.oneof_index = 0
    if plain[0].isupper():
        field.type, field.type_name = _Field.TYPE_MESSAGE, f".{PACKAGE}.{plain}"
    else:
        field.type = _Field.Type.Value(f"TYPE_{plain.upper()}")
    return field


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="slatrack/wire.proto", package=PACKAGE, syntax="proto3"
    )
    for line in SCHEMA.strip().replace(",\n", ",").splitlines():
        name, _, fields = line.partition(":")
        message = file.message_type.add(name=name)
        message.field.extend(_field(text) for text in fields.split(","))
        if "|" in fields:
            message.oneof_decl.add(name="value")
    return file


_pool = descriptor_pool.DescriptorPool()
_pool.Add(_file())


def _message(name: str) -> Any:
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))


Request = _message("Request")
ResourceSpans = _message("ResourceSpans")
ScopeSpans = _message("ScopeSpans")
SlimSpan = _message("SlimSpan")
Tail = _message("Tail")
Resource = _message("Resource")
Scope = _message("Scope")
Span = _message("Span")
Event = _message("Event")
Link = _message("Link")
Status = _message("Status")
SlimLog = _message("SlimLog")
LogRecord = _message("LogRecord")
KeyValue = _message("KeyValue")
AnyValue = _message("AnyValue")
ArrayValue = _message("ArrayValue")

__all__ = [
    "AnyValue",
    "ArrayValue",
    "DecodeError",
    "Event",
    "KeyValue",
    "Link",
    "LogRecord",
    "Request",
    "Resource",
    "ResourceSpans",
    "Scope",
    "ScopeSpans",
    "SlimLog",
    "SlimSpan",
    "Span",
    "Status",
    "Tail",
]
