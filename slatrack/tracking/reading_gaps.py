"""What is known around a step that was not seen: for the reasons of gaps (domain.gaps)."""

from collections import Counter
from datetime import timedelta
from functools import cached_property
from uuid import UUID

from slatrack.domain.gaps import Dropped, Gap, Read, Signs, gaps
from slatrack.domain.instants import to_datetime
from slatrack.domain.parts import Sighting
from slatrack.domain.spans import Kind
from slatrack.domain.states import Status
from slatrack.domain.topics import internal
from slatrack.tracking import heard, models
from slatrack.tracking.evidence import Evidence, Known
from slatrack.tracking.packing import unpack_parts
from slatrack.tracking.trace_rows import read_traces

EACH_SIDE = 20  # events before and after it that it is compared with
NEAR = timedelta(days=1)
MOST_BATCHES = 20  # spans of others that are looked at for dropped links
STREAMS = ("Kafka Streams changelog", "Kafka Streams repartition")
OVER = (Status.DONE.value, Status.LOST.value)


def gaps_of(known: Known, evidence: Evidence, read: Read) -> list[Gap]:
    """Return the required steps that were not seen, each with its reason."""
    return gaps(known.journey, Status(known.row.status), read, _Around(known, evidence).signs)


class _Around:
    """The evidence around one journey, read when it is first needed."""

    def __init__(self, known: Known, evidence: Evidence) -> None:
        self.known = known
        self.evidence = evidence

    def signs(self, step: str, *, over: bool) -> Signs:
        """Return what is known around `step`; `over`: it should have shown by now."""
        service = self._service(step)
        heard_at = heard.heard_at([service]).get(service) if service else None
        compare = over or heard_at is None
        return Signs(
            service=service,
            heard_at=heard_at,
            others=len(self._others) if compare else 0,
            shown=sum(1 for one in self._others if step in one) if compare else 0,
            unsampled=over and self._unsampled,
            orphan=any(part.orphans for part in self.known.parts.values()),
            dropped=self._dropped(step),
            cached=self._cached(step),
        )

    def _dropped(self, step: str) -> Dropped | None:
        """A span that showed others in `step` after this event's last sign, and dropped links."""
        since = self.known.journey.last.start
        spans = {
            (trace_id, one.span_id): one
            for shown in self._sightings.values()
            for trace_id, found in shown.items()
            for one in found
            if one.step == step and one.shared > 1 and one.end >= since
        }
        traces = read_traces({trace_id for trace_id, _ in list(spans)[:MOST_BATCHES]})
        for (trace_id, span_id), one in spans.items():
            stored = traces.get(trace_id)
            fact = stored.trace.facts.get(span_id) if stored else None
            if fact is not None and fact.dropped_links:
                at = to_datetime(one.start)
                return Dropped(one.service, fact.name, at, fact.dropped_links)
        return None

    def _cached(self, step: str) -> bool:
        """Whether it is next to be sent by a Streams application that aggregates."""
        journey = self.known.journey
        sends = Kind.PRODUCER in journey.flow.step(step).match.kinds
        if not sends or journey.last.step not in journey.flow.step(step).after:
            return False
        topics = {one.topic for one in self.evidence.facts.values() if one.topic}
        return any(internal(topic) in STREAMS for topic in topics)

    @cached_property
    def _unsampled(self) -> bool:
        return any(one["sampled"] is False for one in self.evidence.shown)

    def _service(self, step: str) -> str | None:
        """Who should show a step: as its flow says, else as other events show it."""
        test = self.known.journey.flow.step(step).match.service
        if test is not None and test.one_of is not None and len(test.one_of) == 1:
            return next(iter(test.one_of))
        found = Counter(one[step] for one in self._others if one.get(step))
        return found.most_common(1)[0][0] if found else None

    @cached_property
    def _others(self) -> list[dict[str, str]]:
        """The services that show the steps of each event of the same time that is over."""
        return [
            {one.step: one.service for found in shown.values() for one in found}
            for shown in self._sightings.values()
        ]

    @cached_property
    def _sightings(self) -> dict[UUID, dict[bytes, tuple[Sighting, ...]]]:
        """What proves the steps of each of those events, by trace."""
        row = self.known.row
        rows = models.Journey.objects.filter(flow=row.flow_id, status__in=OVER).exclude(id=row.id)
        earlier = rows.filter(started_at__range=(row.started_at - NEAR, row.started_at))
        later = rows.filter(started_at__range=(row.started_at, row.started_at + NEAR))
        found = dict(earlier.order_by("-started_at").values_list("id", "parts")[:EACH_SIDE])
        found |= dict(later.order_by("started_at").values_list("id", "parts")[:EACH_SIDE])
        return {
            row_id: {trace_id: part.sightings for trace_id, part in unpack_parts(parts).items()}
            for row_id, parts in found.items()
        }
