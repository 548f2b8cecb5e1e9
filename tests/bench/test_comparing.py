"""What is stored of a stream is compared with what was sent: nothing wrong goes by."""

from datetime import UTC, datetime, timedelta

import pytest

from slatrack.alerting import routing
from slatrack.alerting.models import Alert
from slatrack.bench.comparing import Bits, Truth, broken
from slatrack.bench.load import DOCUMENTS, SECOND
from slatrack.bench.sending import Sent
from slatrack.bench.stencils import Stream
from slatrack.otlp.decoding import Wanted, decode
from slatrack.tracking import flows, watcher
from slatrack.tracking.models import Flip, Journey, SpanBlock, Trace
from slatrack.tracking.packing import unpack_trace
from slatrack.tracking.recorder import record

BEGIN = 1_790_000_000 * SECOND
WINDOWS = 4  # a lap of the pool, and one more
NOW = datetime.fromtimestamp(BEGIN / SECOND, UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def stream():
    return Stream(seed=3, unreported=25, windows=3)


@pytest.fixture
def truth(stream):
    """All of it is recorded, judged and told."""
    flows.save(DOCUMENTS, now=datetime.fromtimestamp(0, UTC))
    wanted = Wanted(flows.current().wanted)
    begins = [BEGIN + number * SECOND for number in range(WINDOWS)]
    for number, begin in enumerate(begins):
        found = [
            span
            for copy in stream.window(number, begin)
            for span in decode(copy.value, wanted=wanted, now=NOW).spans
        ]
        record(found, now=NOW + timedelta(seconds=number + 2))
    settle(NOW + timedelta(minutes=16))
    count = stream.spans(range(WINDOWS))
    return Truth(stream, [Sent(0, begins[:1], 0, 0, 0, 0), Sent(1, begins[1:], count, 0, 0, 0)])


def settle(now):
    while watcher.settle_due(now=now):
        continue
    while routing.take_up(now=now):
        continue


def test_what_is_all_there_is_right(truth):
    assert truth.events == Journey.objects.count() == WINDOWS * 50
    assert Alert.objects.filter(rung="missed").count() == WINDOWS * 50 // 25
    assert broken(truth) == []


def altered(model, **changed):
    row = model.objects.order_by("pk").first()
    for name, value in changed.items():
        setattr(row, name, value)
    row.save()


def told_again():
    one = Alert.objects.filter(rung="missed").first()
    one.pk, one.version = None, one.version + 1
    one.save()


def one_that_met():
    return Journey.objects.filter(kept__isnull=False).first()


def told_of_one_that_met():
    one = Alert.objects.filter(rung="missed").first()
    one.pk, one.journey = None, one_that_met()
    one.save()


def flip_of_one_that_tells():
    flip = Flip.objects.filter(about="verdict").first()
    flip.pk, flip.journey = None, one_that_met()
    flip.save()


def flip_again():
    one = Flip.objects.filter(about="verdict").order_by("pk").first()
    one.pk, one.number, one.after = None, one.number + 1, "waiting"
    one.save()


def forget_one_that_met():
    Journey.objects.filter(pk=one_that_met().pk).update(kept_terms=None, kept=None)


WRONGS = {
    "spans lost": lambda: Trace.objects.filter(bound=True).first().delete(),
    "raw spans lost": lambda: SpanBlock.objects.first().delete(),
    "journeys wrong": lambda: altered(Journey, spans=7),
    "is of no event": lambda: altered(Journey, key="TRA-20261122-00009999"),
    "journeys lacking": lambda: Journey.objects.first().delete(),
    "events never judged": forget_one_that_met,
    "told by its deadline and by flips": flip_of_one_that_tells,
    "another way than the evidence": flip_again,
    "misses not told": lambda: Alert.objects.filter(rung="missed").first().delete(),
    "misses told wrongly: TRA-20261122-00000000 twice": told_again,
    "has met": told_of_one_that_met,
}


@pytest.mark.parametrize("said", WRONGS)
def test_what_is_not_right_is_said(truth, said):
    WRONGS[said]()

    assert said in " ".join(broken(truth))


def test_spans_that_nobody_sent_are_known(truth, stream):
    [span] = decode(next(stream.window(0, BEGIN)).value, wanted=Wanted(), now=NOW).spans[:1]
    of_a_later_lap = (2).to_bytes(4, "big")
    other = (span.trace_id[:-4] + of_a_later_lap, span.span_id[:-4] + of_a_later_lap)

    assert truth.span(span.trace_id, span.span_id) is not None
    assert truth.span(*other) is None
    assert truth.span(span.trace_id, other[1]) is None
    assert truth.span(b"nobody's trace i", span.span_id) is None


def test_each_span_has_a_number_of_its_own(truth):
    seen = Bits(truth.size)
    numbers = [
        truth.span(row.id.bytes, span_id)
        for row in Trace.objects.all()
        for span_id in unpack_trace(row.state).trace.facts
    ]

    assert all(seen.add(number) for number in numbers)
    assert seen.count == len(numbers) == truth.spans
    assert not seen.add(numbers[0])


def test_windows_that_are_missing_are_no_truth(stream):
    with pytest.raises(ValueError, match="windows are missing"):
        Truth(stream, [Sent(1, [BEGIN], 800, 0, 0, 0)])
