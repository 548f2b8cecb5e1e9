"""Properties: what can be said of one event that may also be said of others."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from slatrack.domain.instants import to_datetime
from slatrack.domain.journeys import Journey, StepSeen


class PropertyKind(StrEnum):
    """What a property is about."""

    ATTRIBUTE = "attribute"  # name = value
    RANGE = "range"  # the number `name` lies in `value`
    WAY = "way"  # it passed these steps, in this order
    STEP = "step"  # it was at `name`, which not every event is
    RETRIED = "retried"  # `name` was tried more often than was needed
    SERVICE = "service"  # `name` was done by service `value`
    PARTITION = "partition"  # its message was in partition `value` of topic `name`
    HOUR = "hour"  # it started in this hour of the day, UTC
    AMENDED = "amended"
    INCOMPLETE = "incomplete"  # spans of it are missing


class Property(NamedTuple):
    """Something that can be said of an event."""

    kind: PropertyKind
    name: str = ""
    value: str = ""


def properties(journey: Journey) -> frozenset[Property]:
    """Return what can be said of the way of an event: not of its attributes.

    That an event has not come to its end yet is left out: it would say that late ones are late.
    """
    return frozenset(_properties(journey))


def _properties(journey: Journey) -> Iterator[Property]:
    yield Property(PropertyKind.HOUR, value=f"{to_datetime(journey.started):%H}")
    if len(journey.versions) > 1:
        yield Property(PropertyKind.AMENDED)
    if not journey.complete:
        yield Property(PropertyKind.INCOMPLETE)
    if journey.ended is not None:
        order = sorted(journey.steps, key=lambda seen: seen.start)
        yield Property(PropertyKind.WAY, value=" → ".join(seen.step for seen in order))
    for seen in journey.steps:
        yield from _of_step(journey, seen)


def _of_step(journey: Journey, seen: StepSeen) -> Iterator[Property]:
    if not journey.flow.step(seen.step).required:
        yield Property(PropertyKind.STEP, seen.step)
    wanted = seen.good if seen.times is None else min(seen.good, seen.times)
    if seen.attempts > max(wanted, 1):
        yield Property(PropertyKind.RETRIED, seen.step)
    yield Property(PropertyKind.SERVICE, seen.step, seen.sighting.service)
    if seen.sighting.topic and seen.sighting.partition is not None:
        partition = str(seen.sighting.partition)
        yield Property(PropertyKind.PARTITION, seen.sighting.topic, partition)
