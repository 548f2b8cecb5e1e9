"""Mute spans: those that say nothing to any flow, told by their shape alone.

Most spans of an installation match nothing and name no message. Of such a span without any wanted
attribute, kind, name, service, scope and resource tell so, and are asked once. Its `attributes` are
then the mark of those who were asked: whoever records it knows by that object that it is mute to
these very flows, and to no others.
"""

from collections.abc import Mapping, Sequence
from threading import Lock

from slatrack.domain.flows import Flow
from slatrack.domain.matching import MAX_SHAPES, Matcher
from slatrack.domain.spans import NO_ATTRIBUTES, Origin, Span, Value


class Shapes(dict[tuple[int, str], Mapping[str, Value]]):
    """By kind and name, the attributes of spans of one place that have none: the mark, if mute."""

    def __init__(self, mute: "Mute", origin: Origin, service: str) -> None:
        super().__init__()
        self._mute, self._origin, self._service = mute, origin, service

    def __missing__(self, shape: tuple[int, str]) -> Mapping[str, Value]:
        found = self[shape] = self._mute.told(self._origin, self._service, *shape)
        return found


class Mute:
    """Knows which spans are mute to a fixed set of flows. Safe to share by threads."""

    def __init__(self, flows: Sequence[Flow]) -> None:
        self.mark: Mapping[str, Value] = {}  # equal to that of others, but not the same
        self._matcher = Matcher(flows)
        self._lock = Lock()
        self._places: dict[tuple[str, str, bytes | None], Shapes] = {}
        self._remembered = 0  # places and shapes

    def at(self, origin: Origin, service: str) -> Shapes:
        """Return the shapes of spans from there whose service this is."""
        place = (service, *self._matcher.deciding(origin))
        found = self._places.get(place)
        if found is None:
            with self._lock:
                self._make_room()
                found = self._places[place] = Shapes(self, origin, service)
        return found

    def told(self, origin: Origin, service: str, kind: int, name: str) -> Mapping[str, Value]:
        """Return the mark if such a span without attributes, message and links says nothing."""
        span = Span(
            bytes(16), bytes(8), b"", kind, name, 0, 0, False, service, None, None, None, None,
            NO_ATTRIBUTES, (), 0, origin, b"",
        )  # fmt: skip
        with self._lock:
            self._make_room()
            return self.mark if self._matcher.is_mute(span) else NO_ATTRIBUTES

    def _make_room(self) -> None:
        """Forget all rather than grow without bound: names and places may carry ids."""
        self._remembered += 1
        if self._remembered > MAX_SHAPES:
            self._places.clear()
            self._remembered = 1


class _NoShapes(dict[tuple[int, str], Mapping[str, Value]]):
    def __missing__(self, shape: tuple[int, str]) -> Mapping[str, Value]:
        return NO_ATTRIBUTES


UNTOLD: Mapping[tuple[int, str], Mapping[str, Value]] = _NoShapes()  # where nobody has asked
