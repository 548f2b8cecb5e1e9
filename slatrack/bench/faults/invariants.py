"""What must hold after any fault: the stored against the manifest, in sentences."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from django.db import connection

from slatrack.alerting import routing
from slatrack.alerting.models import Alert
from slatrack.bench.faults.few import few
from slatrack.bench.faults.manifest import Expected, Manifest, SpanId
from slatrack.otlp import blocks
from slatrack.tracking import dictionaries, flip_history
from slatrack.tracking.models import Flip, Journey, SetAside, SpanBlock, Trace
from slatrack.tracking.packing import unpack_trace

# The verdicts that a deadline may have had, in order: never worse than the evidence.
CHAINS = {
    "met": {("met",), ("unknown", "met")},
    "missed": {("missed",), ("unknown", "missed")},
}
BACKWARDS = """
CREATE TABLE bench_backwards (name text, before bigint, after bigint);
CREATE FUNCTION bench_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
  IF NEW.next_offset < OLD.next_offset OR NEW.epoch < OLD.epoch THEN
    INSERT INTO bench_backwards VALUES (OLD.name, OLD.next_offset, NEW.next_offset);
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER bench_note BEFORE UPDATE ON tracking_source
  FOR EACH ROW EXECUTE FUNCTION bench_note();
"""


def watch_offsets() -> None:
    """Have the database itself note each offset or epoch that ever goes back."""
    with connection.cursor() as cursor:
        cursor.execute(BACKWARDS)


def settled(manifest: Manifest) -> bool:
    """Whether each journey has the verdict that it must have: the watcher has come round."""
    open_ones = Journey.objects.exclude(verdict__in=("met", "missed"))
    return not open_ones.exists() and Journey.objects.count() == len(manifest.journeys())


def broken(manifest: Manifest, *, asides: int = 0, now: datetime) -> list[str]:
    """Return what does not hold; nothing where all is well."""
    while routing.take_up(None, now=now):
        continue
    return [
        *_spans(manifest.spans()),
        *_journeys(manifest.journeys()),
        *_flips(manifest.journeys()),
        *_alerts(manifest.journeys()),
        *_offsets(),
        *_instants(),
        *_asides(asides),
    ]


def _spans(expected: set[SpanId]) -> Iterator[str]:
    facts = {
        (row_id.bytes, span_id)
        for row_id, state in Trace.objects.values_list("id", "state").iterator()
        for span_id in unpack_trace(state).trace.facts
    }
    raw = {
        (one.trace_id, one.span_id)
        for data in SpanBlock.objects.values_list("data", flat=True).iterator()
        for one in blocks.unpack(bytes(data), blocks.EVERY, dictionaries.find)
    }
    for what, stored in (("spans", facts), ("raw spans", raw)):
        yield from few(f"{what} lost", {span.hex() for _, span in expected - stored})
        yield from few(f"{what} nobody sent", {span.hex() for _, span in stored - expected})


def _journeys(expected: dict[tuple[str, str], Expected]) -> Iterator[str]:
    rows = Journey.objects.values_list(
        "flow__name", "key", "status", "started_at", "ended_at", "spans", "verdict"
    )
    found = {(row[0], row[1]): Expected(*row[2:]) for row in rows.iterator()}
    yield from few("journeys lacking", {key for _, key in expected.keys() - found.keys()})
    yield from few("journeys of no event", {key for _, key in found.keys() - expected.keys()})
    both = expected.keys() & found.keys()
    wrong = {f"{key[1]} {differing(expected[key], found[key])}" for key in both
             if expected[key] != found[key]}  # fmt: skip
    yield from few("journeys wrong", wrong)


def differing(expected: Expected, found: Expected) -> str:
    """Return in words in what two differ."""
    return ", ".join(
        f"{name} {is_now} for {must}"
        for name, must, is_now in zip(Expected._fields, expected, found, strict=True)
        if must != is_now
    )


def _flips(expected: dict[tuple[str, str], Expected]) -> Iterator[str]:
    chains: dict[tuple[str, str], list[str]] = defaultdict(list)
    for flip in flip_history.every():
        if flip.about == Flip.About.VERDICT:
            chains[flip.journey.flow.name, flip.journey.key].append(flip.after)
    wrong = {
        f"{event[1]} {' '.join(chains[event]) or 'never judged'}"
        for event, one in expected.items()
        if tuple(chains[event]) not in CHAINS[one.verdict]
    }
    yield from few("verdicts that went another way than the evidence", wrong)


def _alerts(expected: dict[tuple[str, str], Expected]) -> Iterator[str]:
    rows = Alert.objects.filter(rung="missed").values_list("journey__flow__name", "journey__key")
    told = list(rows)
    missed = {event for event, one in expected.items() if one.verdict == "missed"}
    yield from few("misses not told", {key for _, key in missed - set(told)})
    yield from few("misses told of events that met", {key for _, key in set(told) - missed})
    if len(told) > len(set(told)):
        yield f"{len(told) - len(set(told))} misses told twice"


def _offsets() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM bench_backwards")
        yield from few("offsets that went back", {name for (name,) in cursor.fetchall()})


def _instants() -> Iterator[str]:
    left = Journey.objects.filter(ended_at=None, next_at=None).values_list("key", flat=True)
    yield from few("open journeys that nobody will look at", set(left))


def _asides(expected: int) -> Iterator[str]:
    found = SetAside.objects.count()
    if found != expected:
        yield f"{found} records set aside, not {expected}"
