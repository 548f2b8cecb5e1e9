"""Celery inside this process: a worker and its beat, each in a thread."""

import threading

from celery.beat import Scheduler
from celery.worker import WorkController, state

from slatrack.celery import app

THREADS = 2
LONGEST_NAP = 1.0  # seconds


def run_worker(stop: threading.Event) -> None:
    """Carry out tasks until told to stop; one that is under way is finished first."""
    app.finalize()
    worker = WorkController(
        app=app,
        pool="threads",
        concurrency=THREADS,
        loglevel="WARNING",
        without_heartbeat=True,
        without_mingle=True,
        without_gossip=True,
    )
    state.should_stop = None
    threading.Thread(target=_end, args=(stop,), name="worker's end", daemon=True).start()
    worker.start()


def run_beat(stop: threading.Event) -> None:
    """Send the tasks of the schedule when their time has come, until told to stop."""
    scheduler = Scheduler(app=app, max_interval=LONGEST_NAP)
    while not stop.is_set():
        stop.wait(min(scheduler.tick(), LONGEST_NAP))
    scheduler.close()


def _end(stop: threading.Event) -> None:
    stop.wait()
    state.should_stop = 0  # Celery's own way: its loop looks at this between two messages
