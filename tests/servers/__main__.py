"""Run a command on real servers: `python -m tests.servers postgres redis kafka -- COMMAND`.

The command finds them in SLATRACK_DATABASE_URL, SLATRACK_REDIS_URL and SLATRACK_KAFKA_BROKERS.
"""

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from . import kafka, postgres, redis

KNOWN = {
    "kafka": (kafka.real, "SLATRACK_KAFKA_BROKERS"),
    "postgres": (postgres.real, "SLATRACK_DATABASE_URL"),
    "redis": (redis.real, "SLATRACK_REDIS_URL"),
}


def main(arguments: list[str]) -> int:
    split = arguments.index("--")
    with ExitStack() as stack:
        for name in arguments[:split]:
            server, variable = KNOWN[name]
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=f"slatrack-{name}-"))
            os.environ[variable] = stack.enter_context(server(Path(folder)))
        return subprocess.run(arguments[split + 1 :], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
