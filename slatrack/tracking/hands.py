"""Whether this process has its hands full with deadlines: what can wait gives way then."""

from threading import Event

FULL = Event()  # set while there is more to settle at once


class GaveWay(Exception):
    """What can wait was given up in its midst; it is tried again when hands are free."""


def give_way() -> None:
    """Raise GaveWay while hands are full. To be called where work that can wait rests anyway."""
    if FULL.is_set():
        raise GaveWay
