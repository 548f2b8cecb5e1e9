"""Which topics feed a flow: what is known of it, and whether that is enough to rely on.

A flow waits for every topic, unless it is known well enough that none of its services ever speaks
there. Partitions of a topic stand together: which of them a record goes to is its sender's hash.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

# If 1 event in 60 had a service of its own, 300 would all lack it with a probability under 1 %.
ENOUGH_EVENTS = 300  # whole events of a flow whose spans have been looked at
ENOUGH_LOOKS = 30  # a minute apart, at which a topic was read to its end


class Feeding(NamedTuple):
    """What is known of a flow: the services in its events' traces, and from how many events.

    `whole` is False where there were too many services to keep.
    """

    services: frozenset[str] = frozenset()
    events: int = 0
    whole: bool = True

    @property
    def known(self) -> bool:
        """Whether its services can be relied on to be all."""
        return self.whole and bool(self.services) and self.events >= ENOUGH_EVENTS


def apart(
    feeding: Feeding, speakers: Mapping[str, Collection[str]], looks: Mapping[str, int]
) -> frozenset[str]:
    """Return the topics that a flow need not wait for.

    `speakers` are the services heard on each topic, `looks` how often it was found read to its end.
    A flow that no topic feeds, as far as is known, waits for all.
    """
    if not feeding.known:
        return frozenset()
    feeds = {topic for topic, heard in speakers.items() if not feeding.services.isdisjoint(heard)}
    known = {topic for topic, seen in looks.items() if seen >= ENOUGH_LOOKS}
    return frozenset(known - feeds) if feeds else frozenset()


def reach_sentence(feeding: Feeding, topics: Mapping[str, int], without: Collection[str]) -> str:
    """Say which topics a flow waits for, and why; `topics` with how often each was read to its end.

    Empty where there are not two topics to tell apart.
    """
    if len(topics) < 2:
        return ""
    seen = f"in {feeding.events:,} whole events"
    if without:
        count = len(feeding.services)
        none = f"none of its {count} services was" if count > 1 else "its only service was not"
        return f"Does not wait for {_list(without)}: {none} heard there, {seen}."
    if not feeding.whole:
        return "Waits for all topics: its events have too many services to keep."
    if not feeding.known:
        return f"Waits for all topics: {feeding.events:,} of {ENOUGH_EVENTS} whole events seen yet."
    young = [topic for topic, looks in topics.items() if looks < ENOUGH_LOOKS]
    if young:
        minutes = ENOUGH_LOOKS - min(topics.values())
        return (
            f"Waits for all topics: {_list(young)} must be read to the end for "
            f"{minutes} more minute{'' if minutes == 1 else 's'} before it is known who speaks "
            "there."
        )
    return f"Waits for all topics: its services are heard on each, {seen}."


def _list(names: Collection[str]) -> str:
    *most, last = sorted(names)
    return f"{', '.join(most)} and {last}" if most else last
