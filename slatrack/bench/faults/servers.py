"""Stopping and starting the servers themselves, by whatever command runs them here."""

import shlex
import subprocess


class Servers:
    """Kafka, PostgreSQL and Redis as services that `command` starts and stops.

    It has the places {action} and {server}, e.g. "docker compose {action} {server}"; the actions
    are stop and start, the servers kafka, postgres and redis.
    """

    def __init__(self, command: str) -> None:
        self.command = command

    def do(self, action: str, server: str) -> None:
        """Do it, and wait until it is done."""
        words = shlex.split(self.command.format(action=action, server=server))
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - the user's own
