"""The demo's doors: the sockets of its gateway, its webhook receiver and its mailbox.

They are taken before anything starts, so that their addresses are known, and handed to the process
that answers at them.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Self

from slatrack.demo.addresses import Addresses
from slatrack.demo.webhooks import PATH
from slatrack.embedded.ports import take_near, url

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Doors:
    """Three listening sockets on the loopback interface."""

    gateway: socket.socket
    webhook: socket.socket
    smtp: socket.socket

    @classmethod
    def open(cls, first_port: int, *, kept_free: int | None = None) -> Self:
        """Take three ports in a row without `kept_free`; any free one instead of a busy one."""
        ports = (port for port in count(first_port) if port != kept_free)
        return cls(*(take_near(HOST, port) for port in islice(ports, 3)))

    @classmethod
    def inherited(cls, numbers: Sequence[int]) -> Self:
        """Return the doors that a parent process left open under these file numbers."""
        return cls(*(socket.socket(fileno=number) for number in numbers))

    @property
    def numbers(self) -> tuple[int, int, int]:
        """Their file numbers, for a child process."""
        return self.gateway.fileno(), self.webhook.fileno(), self.smtp.fileno()

    @property
    def addresses(self) -> Addresses:
        """Where they are."""
        smtp_host, smtp_port = self.smtp.getsockname()[:2]
        return Addresses(
            gateway=url(self.gateway),
            webhook=url(self.webhook) + PATH,
            smtp_host=smtp_host,
            smtp_port=smtp_port,
        )
