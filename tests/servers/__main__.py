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
from typing import TypeVar

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


Server = TypeVar("Server", bound=control.Stoppable)


def _running(made: Server, stack: ExitStack) -> Server:
    stack.callback(made.stop)
    made.start()
    return made


def _kafka(folder: Path, stack: ExitStack) -> kafka.Broker:
    made = _running(kafka.Broker(folder), stack)
    os.environ["SLATRACK_KAFKA_BROKERS"] = made.address
    return made


def _postgres(folder: Path, stack: ExitStack) -> postgres.Database:
    made = _running(postgres.Database(folder), stack)
    made.create()
    os.environ["SLATRACK_DATABASE_URL"] = made.url
    return made


def _redis(folder: Path, stack: ExitStack) -> redis.Store:
    made = _running(redis.Store(folder), stack)
    os.environ["SLATRACK_REDIS_URL"] = made.url
    return made


Starting = Callable[[Path, ExitStack], control.Stoppable]
STARTED: dict[str, Starting] = {"kafka": _kafka, "postgres": _postgres, "redis": _redis}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
