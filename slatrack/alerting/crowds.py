"""Very many flips of one kind, routed together: what one of them would do, PostgreSQL does of all.

A crowd are flips of one flow, deadline, step, rung and severity, whose events are in no incident
yet, or all in the same. Which incident they join, what is told and to whom is decided once, by the
code that decides it for one flip, of the most pressing of them. Flips that are few, or of which
something was decided before, are left to be routed one by one: the outcome is the same.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet

from slatrack.alerting.deciding import LATE, alert_of
from slatrack.alerting.joining import Crowd, Joining, join_crowds
from slatrack.alerting.models import Alert
from slatrack.domain.deadlines import LATE as REACHED_LATE
from slatrack.domain.ladder import Rung
from slatrack.tracking import store
from slatrack.tracking.flip_rows import MADE_HISTORY
from slatrack.tracking.models import UnroutedFlip

FEWEST = 20  # in a crowd: fewer are routed one by one


class Claimed(NamedTuple):
    """Flips that nobody else takes up now; `ids` are an array as PostgreSQL writes one."""

    ids: str
    flows: list[int]
    number: int
    last: int | None

    def numbers(self) -> list[int]:
        """Return `ids` as numbers."""
        return [int(one) for one in self.ids.strip("{}").split(",") if one]


class Found(NamedTuple):
    """A crowd as PostgreSQL counts it; `ids` are an array as it writes one."""

    leader: int
    events: int
    first_at: datetime
    last_at: datetime
    due_at: datetime
    ids: str


_CLAIM = """
SELECT coalesce(array_agg(id), '{}')::text, coalesce(array_agg(DISTINCT flow_id), '{}'),
       count(*), max(id)
FROM (SELECT id, flow_id FROM tracking_unroutedflip
      WHERE id > %(after)s AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s::bigint[]))
      ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED) AS free,
     set_config('jit', 'off', true) AS jit, set_config('random_page_cost', '1.1', true) AS cost,
     set_config('max_parallel_workers_per_gather', '0', true) AS workers,
     set_config('enable_seqscan', 'off', true) AS reading  -- the queue is read from its beginning
"""

# Of an event with two flips that wait, the order counts; of one with alerts, what they were. What
# was recorded later than all these is no hindrance: it is taken up later.
_FIND = """
WITH f AS MATERIALIZED (SELECT * FROM tracking_unroutedflip WHERE id = ANY(%(ids)s::bigint[]))
SELECT (array_agg(f.id ORDER BY f.due_at, f.at, f.id))[1], count(*), min(f.at), max(f.recorded_at),
       min(f.due_at), array_agg(f.id)::text
FROM f CROSS JOIN LATERAL (
    SELECT (array_agg(a.incident_id ORDER BY a.id DESC)
            FILTER (WHERE a.incident_id IS NOT NULL))[1] AS incident_id,
           coalesce(bool_or(a.version = f.version AND CASE f.about
               WHEN 'warning' THEN a.rung = 'missed'
                                   OR a.rung = 'due_soon' AND a.warning = f."after"::int
               ELSE a.rung = f."after" AND a.warning = 0 END), false) AS known
    FROM alerting_alert a WHERE a.journey_id = f.journey_id AND a.deadline = f.deadline
) AS earlier
LEFT JOIN alerting_incident i ON i.id = earlier.incident_id
WHERE f.due_at IS NOT NULL
  AND (f.about = 'warning' AND f."after" ~ '^[0-9]{1,4}$'
       OR f.about = 'verdict' AND f."after" IN ('missed', 'unknown') AND f."before" <> 'missed')
  AND NOT earlier.known
  AND (earlier.incident_id IS NULL OR i.state <> 'resolved')
  AND f.journey_id NOT IN (SELECT journey_id FROM tracking_unroutedflip WHERE id <= %(last)s
                           GROUP BY journey_id HAVING count(*) > 1)
GROUP BY f.flow_id, f.deadline, f.step, f.about, f."after", f.severity, earlier.incident_id
HAVING count(*) >= %(fewest)s
ORDER BY min(f.id)
"""

_ALERTS = """
INSERT INTO alerting_alert (journey_id, incident_id, deadline, version, rung, warning, severity,
                            step, at, due_at, decided_at, late, reason)
SELECT f.journey_id, %(incident)s::bigint, f.deadline, f.version, %(rung)s, %(warning)s::int,
       %(severity)s, f.step, f.at, f.due_at, f.recorded_at,
       CASE WHEN %(timed)s AND f.reason <> %(reached_late)s AND f.recorded_at - f.at > %(late)s
            THEN f.recorded_at - f.at > %(late)s + make_interval(secs => coalesce(
                 (SELECT d.grace_seconds FROM tracking_deadline d
                  WHERE d.journey_id = f.journey_id AND d.name = f.deadline), 0))
            ELSE false END, f.reason
FROM taken f ORDER BY f.id
"""


def claim(flip_ids: Sequence[int] | None, *, after: int, limit: int) -> Claimed:
    """Lock the first of some flips (None: of all) that wait, of those that come after `after`."""
    ids = None if flip_ids is None else list(flip_ids)
    return Claimed(*store.run(_CLAIM, {"ids": ids, "after": after, "limit": limit})[0])


def join(claimed: Claimed, *, now: datetime) -> tuple[list[Joining], int]:
    """Write the alerts of all crowds among claimed flips, which are history then.

    Returns the incidents that they joined, and how many flips these are. Call it with the rows of
    their flows locked.
    """
    values = {"ids": claimed.ids, "last": claimed.last, "fewest": FEWEST}
    found = [Found(*row) for row in store.run(_FIND, values)]
    leaders = {row.pk: row for row in _waiting(one.leader for one in found)}
    crowds = [
        Crowd(alert, one.events, one.first_at, one.last_at, one.due_at)
        for one in found
        if (alert := alert_of(leaders[one.leader]))
    ]
    joinings = join_crowds(crowds, now=now)
    for crowd, one in zip(crowds, found, strict=True):
        _write(crowd.alert, one.ids)
    _number(crowd.alert for crowd in crowds)
    return joinings, sum(crowd.events for crowd in crowds)


def _waiting(ids: Iterable[int]) -> "QuerySet[UnroutedFlip]":
    rows = UnroutedFlip.objects.filter(pk__in=list(ids))
    return rows.select_related("journey").defer("journey__parts")


def _write(alert: Alert, ids: str) -> None:
    values = {
        "ids": ids, "incident": alert.incident_id, "rung": alert.rung,
        "warning": alert.warning, "severity": alert.severity, "late": LATE,
        "timed": alert.rung in (Rung.DUE_SOON, Rung.MISSED), "reached_late": REACHED_LATE,
    }  # fmt: skip
    store.run(MADE_HISTORY + _ALERTS, values)


def _number(leaders: Iterable[Alert]) -> None:
    """Give the alerts that are told of the ids that they were written with."""
    for alert in leaders:
        names = ("journey_id", "deadline", "version", "rung", "warning")
        written = Alert.objects.filter(**{name: getattr(alert, name) for name in names})
        alert.pk = written.values_list("pk", flat=True).get()
