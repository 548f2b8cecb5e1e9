"""A lesson: spans like those that are measured, from which dictionaries are trained beforehand."""

from datetime import datetime

from slatrack.bench.load import Load
from slatrack.domain.spans import Span
from slatrack.otlp.decoding import Decoder, Wanted
from slatrack.tracking import dictionary_training, flows
from slatrack.tracking.recorder import record

SPANS = 32_000  # as many samples as a training takes
AT_ONCE = 8_000
DAY = 86_400_123_456_789  # nanoseconds; no instant of the one load is one of the other's


def before(load: Load) -> Load:
    """Return spans of the same kind as `load`, of the day before: what differs differs in all."""
    return Load(SPANS, load.seed + 1, start=load.start - DAY, first=load.numbers.stop)


def teach(lesson: Load, *, now: datetime) -> int:
    """Record `lesson` and train as housekeeping does; return how many dictionaries there are."""
    decoder = Decoder(Wanted(flows.current().wanted), now)
    spans: list[Span] = []
    for one in lesson.records():
        decoder.read(one, "otlp_proto", spans)
    for begin in range(0, len(spans), AT_ONCE):
        record(spans[begin : begin + AT_ONCE], now=now)
    return len(dictionary_training.tend(now=now))
