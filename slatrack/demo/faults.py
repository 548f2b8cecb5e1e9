"""Faults that a viewer can switch on and off while the demo runs.

The pages write them, every service of the pipeline reads them live: both by way of one small file,
because they run in different processes.
"""

import json
import logging
from dataclasses import dataclass

from slatrack.demo import place

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FaultInfo:
    """A fault, as a page shows it."""

    name: str
    title: str
    effect: str


FAULTS: tuple[FaultInfo, ...] = (
    FaultInfo(
        "slow_sink",
        "The regulator answers slowly",
        "Each delivery to the regulator takes 12 s longer. Trades queue up before the sink: "
        "warnings within 15 s, the first misses within 30 s.",
    ),
    FaultInfo(
        "stopped_sink",
        "The sinks have stopped",
        "Nothing is delivered any more. Every event in flight misses its deadline, although no "
        "further span arrives; after switching off, the backlog arrives late.",
    ),
    FaultInfo(
        "lost_context",
        "The enricher loses the trace context",
        "Its messages carry no traceparent header, so each event continues in a new trace. "
        "Journeys stay whole, because the event key joins both halves.",
    ),
    FaultInfo(
        "error_burst",
        "The validator fails",
        "One event in three fails twice with an exception before it passes: three attempts in "
        "its journey, no deadline missed.",
    ),
)
NAMES = frozenset(fault.name for fault in FAULTS)


def active() -> frozenset[str]:
    """Return the names of the faults that are on."""
    try:
        names = json.loads((place.folder() / "faults.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return frozenset()
    except ValueError as error:
        logger.warning("faults.json cannot be read, so no fault is on: %s", error)
        return frozenset()
    return NAMES & frozenset(names)


def clear() -> None:
    """Switch all faults off."""
    (place.folder() / "faults.json").unlink(missing_ok=True)


def set_active(name: str, on: bool) -> None:
    """Switch a fault; KeyError if there is none of that name. Twice is as good as once."""
    if name not in NAMES:
        raise KeyError(name)
    names = active() | {name} if on else active() - {name}
    place.write_whole(place.folder() / "faults.json", json.dumps(sorted(names)))
