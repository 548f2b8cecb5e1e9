"""Redis as kombu's transport has it, but that a connection given up is one that is broken.

A worker with a task in hand whose Redis goes away closes that connection, or acknowledges the task
later. kombu 5.7 then asks a channel for the address of a connection that it has given up, and the
AttributeError is none of those for which Celery connects anew: the worker ended. As an error of
the connection it is logged, and the message comes again once its visibility timeout is over.
"""

from typing import Any

from kombu.transport import redis
from redis.exceptions import ConnectionError as BrokenConnectionError


class Channel(redis.Channel):
    """A channel that knows when its connection was given up."""

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection.client is None:
            raise BrokenConnectionError("the connection of this channel was given up")
        return super()._connparams(asynchronous)  # type: ignore[no-untyped-call]


class Transport(redis.Transport):
    """For redis:// and rediss://."""

    Channel = Channel
