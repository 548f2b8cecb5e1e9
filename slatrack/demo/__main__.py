"""The pipeline in a process of its own: `python -m slatrack.demo BROKERS FIRST_PORT`.

It runs until its standard input ends: with the process that started it, however that ends.
"""

import logging
import os
import sys
import threading
from argparse import ArgumentParser

from slatrack.demo import addresses, webhooks
from slatrack.demo.pipeline import HOST, Doors, Pipeline
from slatrack.embedded.crew import Alarm
from slatrack.embedded.ports import take_near, url

logger = logging.getLogger("slatrack.demo")


def main() -> int:
    arguments = ArgumentParser(prog="python -m slatrack.demo")
    arguments.add_argument("brokers", help="bootstrap.servers of Kafka")
    arguments.add_argument("first_port", type=int, help="first of three ports, if they are free")
    given = arguments.parse_args()
    logging.basicConfig(level=os.environ.get("SLATRACK_DEMO_LOG", "WARNING"), format=FORMAT)
    return run(given.brokers, _doors(given.first_port))


FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def run(brokers: str, doors: Doors) -> int:
    """Run the pipeline until standard input ends or a part of it fails; return the exit code."""
    alarm = Alarm()
    over = threading.Thread(target=_read_to_end, args=(alarm,), name="parent", daemon=True)
    over.start()
    pipeline = Pipeline(brokers, doors, alarm)
    addresses.write(_published(doors))
    pipeline.start()
    alarm.rings.wait()
    pipeline.stop()
    if alarm.reason == OVER:
        return 0
    logger.error("%s", alarm.reason)
    return 1


OVER = "standard input ended"


def _read_to_end(alarm: Alarm) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    alarm.ring(OVER)


def _doors(first: int) -> Doors:
    return Doors(take_near(HOST, first), take_near(HOST, first + 1), take_near(HOST, first + 2))


def _published(doors: Doors) -> addresses.Addresses:
    smtp_host, smtp_port = doors.smtp.getsockname()[:2]
    return addresses.Addresses(
        gateway=url(doors.gateway),
        webhook=url(doors.webhook) + webhooks.PATH,
        smtp_host=smtp_host,
        smtp_port=smtp_port,
    )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slatrack.settings")
    sys.exit(main())
