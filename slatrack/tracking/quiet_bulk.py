"""What passes in silence, settled by PostgreSQL itself: two statements for thousands of journeys.

They write what `quiet_rows` would write, which `silence` and `judging` say in Python: a property
test holds the three together. What needs more than a look at the rows is left to `quiet_rows`,
and what needs the spans to folding.
"""

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from slatrack import live
from slatrack.domain.deadlines import LATE, PATIENCE, SILENT, behind
from slatrack.tracking import store, wake
from slatrack.tracking.decisions import LAGGING, Moment
from slatrack.tracking.falling_due import Share
from slatrack.tracking.flows import Flows

EVER = datetime(1970, 1, 1, tzinfo=UTC)


class Locked(NamedTuple):
    """Journeys that are due, locked: `number` of them, `others` those whose rows cannot suffice."""

    quiet: str  # where their rows lie, as PostgreSQL writes an array: it only goes back to it
    others: list[UUID]
    number: int
    oldest: datetime | None  # when the first of them was to be looked at
    newest: datetime | None


# In two statements, lest the second see deadlines as they were before it waited for a lock.
_LOCK = """
SELECT coalesce(array_agg(ctid) FILTER (WHERE quiet), '{{}}')::text,
       coalesce(array_agg(id) FILTER (WHERE NOT quiet), '{{}}'), count(*),
       min(next_at), max(next_at)
FROM (
    SELECT id, ctid, next_at, (silent_at IS NULL OR silent_at > %(read_to)s)
           AND (flow_id, judged_by) IN
               (SELECT * FROM unnest(%(flows)s::bigint[], %(stamps)s::int[])) AS quiet
    FROM tracking_journey
    WHERE next_at >= %(since)s AND next_at <= %(to)s AND (next_at <= %(read_to)s
       OR %(overdue)s AND due_at < %(graced)s AND verdict = 'waiting')
       AND {of_flows}
    ORDER BY {in_order} LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
) AS due, set_config('jit', 'off', true) AS jit,
     set_config('random_page_cost', '1.1', true) AS cost,
     set_config('max_parallel_workers_per_gather', '0', true) AS workers,
     set_config('enable_seqscan', 'off', true) AS reading
"""  # the settings are the transaction's: the second statement is to go by indexes, and at once
# (of a hundred thousand deadlines it would read all for every four thousand)

_LOCK_OF_ALL = _LOCK.format(of_flows="flow_id <> ALL(%(but)s::bigint[])", in_order="next_at")
_LOCK_OF_ONE = _LOCK.format(of_flows="flow_id = %(flow)s", in_order="flow_id, next_at")

# Of each journey all deadlines are judged; whether their rows suffice says `whole`. Rows that are
# locked stay where they lie, so they are found and changed there, in that order, without an index.
_SETTLE = """
WITH known AS (
    SELECT d.*, j.ctid AS journey_at, j.flow_id, j.step, j.next_at, j.silent_at,
           newest.version AS taking_over,
           d.due_at + make_interval(secs => d.grace_seconds) AS graced,
           d.due_at IS NOT NULL AND d.verdict IN ('waiting', 'unknown') AS is_open,
           (d.warnings ->> (d.warned - 1))::timestamptz AS told_at,
           (d.warnings ->> d.warned::int)::timestamptz AS warns_at,
           (d.warnings ->> (d.warned + 1))::timestamptz AS warns_then_at
    FROM tracking_journey j CROSS JOIN LATERAL (
        SELECT *, ctid AS lies_at FROM tracking_deadline WHERE journey_id = j.id OFFSET 0) AS d
    LEFT JOIN unnest(%(flows)s::bigint[], %(names)s::text[], %(versions)s::int[])
         AS newest (flow_id, name, version) ON newest.flow_id = j.flow_id AND newest.name = d.name
    WHERE j.ctid = ANY(%(quiet)s::tid[]) OFFSET 0
), timed AS (
    SELECT *, graced + interval '1 microsecond' AS ends_at,
           CASE WHEN warns_at < due_at THEN warns_at END AS warning_at,
           CASE WHEN warns_then_at < due_at THEN warns_then_at END AS warning_then_at,
           CASE WHEN NOT is_open THEN verdict WHEN graced < %(read_to)s THEN 'missed'
                WHEN graced + %(patience)s < %(now)s THEN 'unknown' ELSE 'waiting' END AS judged
    FROM known OFFSET 0
), judged AS (
    SELECT *, is_open AND judged = 'waiting'
                  AND coalesce(warning_at <= %(read_to)s, false) AS warns,
           is_open AND judged <> verdict AS flips
    FROM timed OFFSET 0
), whole AS (
    SELECT *,
           first_value(id) OVER journey AS shown,
           LEAST(silent_at, min(CASE WHEN NOT is_open OR judged = 'missed' THEN NULL
               WHEN judged = 'unknown' THEN ends_at WHEN warns THEN LEAST(warning_then_at, ends_at)
               ELSE LEAST(warning_at, ends_at) END) OVER journey) AS then_at,
           bool_or(is_open) OVER journey
           AND bool_and(version >= coalesce(taking_over, 0) AND coalesce(CASE
               WHEN due_at IS NULL THEN true
               WHEN verdict = 'met' THEN reached_at IS NOT NULL
               WHEN verdict = 'missed' AND reached_at IS NOT NULL THEN reason = %(late)s
               WHEN verdict = 'missed' THEN watermark >= ends_at
               WHEN reached_at IS NOT NULL OR (flips AND judged = 'waiting') THEN false
               WHEN judged <> 'waiting' THEN true
               ELSE (warned = 0 OR told_at <= %(read_to)s)
                    AND coalesce(warning_then_at > %(read_to)s, true) END, false)) OVER journey
           AND next_at = LEAST(silent_at, min(CASE WHEN NOT is_open THEN NULL
               WHEN verdict = 'unknown' THEN ends_at ELSE LEAST(warning_at, ends_at) END
               ) OVER journey) AS suffices,
           CASE judged WHEN 'missed' THEN %(silent)s WHEN 'unknown' THEN %(behind)s
                       ELSE '' END AS why
    FROM judged
    WINDOW journey AS (
        PARTITION BY journey_at
        ORDER BY due_at IS NULL, judged <> 'missed', judged <> 'unknown', judged <> 'waiting',
                 due_at, name COLLATE "C"
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
), settled AS MATERIALIZED (
    SELECT id, lies_at, journey_id, journey_at, flow_id, name, version, severity, step, due_at,
           warnings, warned, verdict, judged, why, flip_count, almanac, is_open, warns, flips,
           warning_at, shown, then_at
    FROM whole WHERE suffices
), news AS (
    INSERT INTO tracking_unroutedflip (journey_id, flow_id, deadline, version, number, about,
        "before", "after", severity, step, at, due_at, watermark, reason, recorded_at, almanac)
    SELECT journey_id, flow_id, name, version, flip_count + 1,
           CASE WHEN warns THEN 'warning' ELSE 'verdict' END,
           CASE WHEN warns THEN warned::text ELSE verdict END,
           CASE WHEN warns THEN (warned + 1)::text ELSE judged END,
           severity, step, CASE WHEN warns THEN warning_at ELSE due_at END, due_at, %(read_to)s,
           why, %(now)s, almanac
    FROM settled WHERE warns OR flips
), deadline AS (
    UPDATE tracking_deadline AS old
    SET verdict = new.judged, warned = old.warned + new.warns::int, reason = new.why,
        flip_count = old.flip_count + (new.warns OR new.flips)::int,
        watermark = CASE WHEN new.warns OR new.flips THEN %(read_to)s ELSE old.watermark END
    FROM settled AS new
    WHERE old.ctid = new.lies_at AND new.is_open AND (new.warns OR new.judged <> 'waiting')
), journey AS (
    UPDATE tracking_journey AS old
    SET verdict = shown.judged, due_at = shown.due_at, deadline = shown.name,
        warn_at = (shown.warnings ->> 0)::timestamptz, next_at = then_at, changed_at = %(now)s
    FROM settled AS shown WHERE old.ctid = shown.journey_at AND shown.id = shown.shown
)
SELECT (SELECT count(*) FROM settled WHERE warns OR flips),
       ARRAY(SELECT journey_id FROM settled WHERE id = shown LIMIT %(many)s),
       CASE WHEN (SELECT count(*) FROM settled WHERE id = shown) < cardinality(%(quiet)s::tid[])
       THEN ARRAY(SELECT id FROM tracking_journey WHERE ctid IN (
                      SELECT unnest(%(quiet)s::tid[]) EXCEPT SELECT journey_at FROM settled))
       ELSE '{}' END
"""


def lock(
    flows: Flows, share: Share, limit: int, *, since: datetime = EVER, overdue: bool = True
) -> Locked:
    """Lock journeys of a share that are due, oldest first; those that others hold are left.

    Those due before `since` are not looked for: where very many were settled a moment ago, what is
    left of each in the index would be walked over. `overdue`: those too whose outcome should be
    known by now, while telemetry is behind.
    """
    stamps = {flows.ids[name]: stamp for name, stamp in flows.stamps.items()}
    moment, late = share.moment, share.moment.now - PATIENCE
    overdue = overdue and moment.read_to < late
    values = {
        "read_to": moment.read_to, "flows": list(stamps), "stamps": list(stamps.values()),
        "overdue": overdue, "to": late if overdue else moment.read_to,
        "graced": late - flows.longest_grace, "limit": limit, "since": since,
        "but": list(share.but), "flow": share.flow,
    }  # fmt: skip
    statement = _LOCK_OF_ALL if share.flow is None else _LOCK_OF_ONE
    return Locked(*store.run(statement, values)[0])


def settle(quiet: str, flows: Flows, moment: Moment) -> list[UUID]:
    """Settle locked journeys; return those that are left, for this their rows do not suffice."""
    newest = [
        (flows.ids[flow], name, version)
        for flow, versions in flows.recomputing.items()
        for name, version in versions.items()
        if version
    ]
    values = {
        "quiet": quiet, "read_to": moment.read_to, "now": moment.now, "patience": PATIENCE,
        "silent": SILENT, "behind": behind(moment.now, moment.watermark), "late": LATE,
        "many": live.MANY + 1,
        "flows": [one[0] for one in newest],
        "names": [one[1] for one in newest],
        "versions": [one[2] for one in newest],
    }  # fmt: skip
    [(flips, some, left)] = store.run(_SETTLE, values)
    if flips:
        wake.route_flips(pressing=moment.now - moment.watermark <= LAGGING)
    live.announce(some, pressing=True)
    return list(left)
