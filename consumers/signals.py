"""Signals: how a process that runs until it is told to stop is told."""

import signal
from threading import Event


def stop_on_signals() -> Event:
    """Return an event that SIGINT and SIGTERM set. For the main thread of a command."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
