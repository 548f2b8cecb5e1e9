"""Run a command on real servers: `python -m tests.servers postgres redis kafka -- COMMAND`.

The command finds them in SLATRACK_DATABASE_URL, SLATRACK_REDIS_URL and SLATRACK_KAFKA_BROKERS, and
may stop and start them by `tests.servers.control`.
"""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from . import control, kafka, postgres, redis


def main(arguments: list[str]) -> int:
    split = arguments.index("--")
    with ExitStack() as stack:
        servers: dict[str, control.Stoppable] = {}
        for name in arguments[:split]:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=f"slatrack-{name}-"))
            servers[name] = STARTED[name](Path(folder), stack)
        os.environ.setdefault("SLATRACK_SECRET_KEY", secrets.token_urlsafe(40))
        os.environ[control.VARIABLE] = stack.enter_context(control.listening(servers))
        return subprocess.run(arguments[split + 1 :], check=False).returncode


def _kafka(folder: Path, stack: ExitStack) -> kafka.Broker:
    made = kafka.Broker(folder)
    stack.callback(made.stop)
    made.start()
    os.environ["SLATRACK_KAFKA_BROKERS"] = made.address
    return made


def _postgres(folder: Path, stack: ExitStack) -> postgres.Database:
    made = postgres.Database(folder)
    stack.callback(made.stop)
    made.start()
    made.create()
    os.environ["SLATRACK_DATABASE_URL"] = made.url
    return made


def _redis(folder: Path, stack: ExitStack) -> redis.Store:
    made = redis.Store(folder)
    stack.callback(made.stop)
    made.start()
    os.environ["SLATRACK_REDIS_URL"] = made.url
    return made


Starting = Callable[[Path, ExitStack], control.Stoppable]
STARTED: dict[str, Starting] = {"kafka": _kafka, "postgres": _postgres, "redis": _redis}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
