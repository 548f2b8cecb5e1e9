"""What must be stored of a load: worked out from how it is made, not from its spans."""

from datetime import UTC, datetime
from typing import Any

from slatrack.bench.load import Load
from tests.servers.installed import Place


def journeys(place: Place) -> dict[tuple[str, str], list[Any]]:
    """Every journey as stored: status, start, end and number of spans."""
    rows = place.rows(
        "SELECT f.name, j.key, j.status, j.started_at, j.ended_at, j.spans "
        "FROM tracking_journey j JOIN tracking_flow f ON f.id = j.flow_id"
    )
    return {(flow, key): rest for flow, key, *rest in rows}


def expected(load: Load) -> dict[tuple[str, str], list[Any]]:
    """The same of a load; the watcher has called an event lost that is silent for over a day."""
    found = {}
    for number, event in enumerate(load.keys):
        begin = load.start + number * 2_000_000
        stuck = load.stuck(number)
        found[event] = [
            "lost" if stuck else "done",
            at(begin),
            None if stuck else at(begin + 958_000_000),
            6 if stuck else 8,
        ]
    return found


def missed_once(place: Place) -> set[tuple[str, str]]:
    """Return the events that missed; each event has one verdict, each missed one an alert.

    Unknown is none: an event may be that for a while, where telemetry was behind.
    """
    flips = place.rows(
        "SELECT f.name, j.key, t.after, count(*) FROM ("
        "SELECT journey_id, about, after FROM tracking_flip UNION ALL "
        "SELECT journey_id, about, after FROM tracking_unroutedflip UNION ALL "
        "SELECT id, 'verdict', 'met' FROM tracking_journey WHERE kept IS NOT NULL"
        ") t JOIN tracking_journey j ON j.id = t.journey_id "
        "JOIN tracking_flow f ON f.id = j.flow_id WHERE about = 'verdict' "
        "AND t.after IN ('met', 'missed') GROUP BY 1, 2, 3"
    )
    assert len(flips) == len({(flow, key) for flow, key, _, _ in flips})
    assert {count for *_, count in flips} <= {1}
    missed = {(flow, key) for flow, key, after, _ in flips if after == "missed"}
    query = "SELECT count(*), count(DISTINCT journey_id) FROM alerting_alert WHERE rung = 'missed'"
    assert place.rows(query) == [(len(missed), len(missed))]
    return missed


def at(nanoseconds: int) -> datetime:
    """Return the instant, to the microsecond that is stored."""
    whole, rest = divmod(nanoseconds // 1000, 1_000_000)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=rest)
