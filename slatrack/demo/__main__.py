"""The pipeline in a process of its own: `python -m slatrack.demo BROKERS GATEWAY WEBHOOK SMTP`.

The last three are the numbers of listening sockets that the parent left open. It runs until its
standard input ends: with the process that started it, however that ends.
"""

import logging
import os
import sys
import threading
from argparse import ArgumentParser

from slatrack.demo.doors import Doors
from slatrack.demo.pipeline import Pipeline
from slatrack.embedded.crew import Alarm

logger = logging.getLogger("slatrack.demo")

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LIMIT = 9.0  # seconds to stop
OVER = "standard input ended"


def main() -> int:
    arguments = ArgumentParser(prog="python -m slatrack.demo")
    arguments.add_argument("brokers", help="bootstrap.servers of Kafka")
    arguments.add_argument("sockets", type=int, nargs=3, help="numbers of listening sockets")
    given = arguments.parse_args()
    logging.basicConfig(level="WARNING", format=FORMAT)
    return run(given.brokers, Doors.inherited(given.sockets))


def run(brokers: str, doors: Doors) -> int:
    """Run the pipeline until standard input ends or a part of it fails; return the exit code."""
    alarm = Alarm()
    over = threading.Thread(target=_read_to_end, args=(alarm,), name="parent", daemon=True)
    over.start()
    pipeline = Pipeline(brokers, doors, alarm)
    pipeline.start()
    alarm.rings.wait()
    _end_within(LIMIT)
    pipeline.stop()
    if alarm.reason == OVER:
        return 0
    logger.error("The demo's pipeline stops: %s", alarm.reason)
    return 1


def _end_within(seconds: float) -> None:
    """End the process even if something hangs: without brokers, Kafka's clients wait for long."""
    timer = threading.Timer(seconds, os._exit, args=(1,))
    timer.daemon = True
    timer.start()


def _read_to_end(alarm: Alarm) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    alarm.ring(OVER)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slatrack.settings")
    sys.exit(main())
