"""What is known around a step that was not seen: for the reasons of gaps (domain.gaps)."""

from collections import Counter
from datetime import timedelta
from functools import cached_property

from slatrack.domain.gaps import Gap, Read, Signs, gaps
from slatrack.domain.states import Status
from slatrack.tracking import heard, models
from slatrack.tracking.evidence import Evidence, Known
from slatrack.tracking.packing import unpack_parts

EACH_SIDE = 20  # events before and after it that it is compared with
NEAR = timedelta(days=1)
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
        )

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
        row = self.known.row
        rows = models.Journey.objects.filter(flow=row.flow_id, status__in=OVER).exclude(id=row.id)
        earlier = rows.filter(started_at__range=(row.started_at - NEAR, row.started_at))
        later = rows.filter(started_at__range=(row.started_at, row.started_at + NEAR))
        found = dict(earlier.order_by("-started_at").values_list("id", "parts")[:EACH_SIDE])
        found |= dict(later.order_by("started_at").values_list("id", "parts")[:EACH_SIDE])
        return [
            {
                one.step: one.service
                for part in unpack_parts(parts).values()
                for one in part.sightings
            }
            for parts in found.values()
        ]
