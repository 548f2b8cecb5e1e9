"""The load: customers that send orders over HTTP, some now and then, some many at once."""

import logging
import random
import threading
from dataclasses import dataclass

from slatrack.demo.clients import CallFailedError, TracedClient
from slatrack.demo.lines import PAYMENTS, REPORTS, TRADES, Line
from slatrack.demo.orders import make

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a line gets a request, and how many orders each brings."""

    line: Line
    seconds: float  # between requests, on average
    orders: tuple[int, int]  # at least, at most; one: a single order, not a list


RATES = (
    Rate(TRADES, 1 / 6, (1, 1)),
    Rate(PAYMENTS, 1 / 2, (1, 1)),
    Rate(REPORTS, 12, (20, 30)),
)


@dataclass(frozen=True)
class Customers:
    """All customers of one line."""

    rate: Rate
    client: TracedClient
    dice: random.Random

    def run(self, stop: threading.Event) -> None:
        """Send orders at random moments until told to stop."""
        while not stop.wait(self.dice.expovariate(1 / self.rate.seconds)):
            self.send()

    def send(self) -> None:
        """Send one request."""
        line = self.rate.line
        orders = [make(line, self.dice) for _ in range(self.dice.randint(*self.rate.orders))]
        try:
            self.client.call("POST", line.route, orders[0] if len(orders) == 1 else orders)
        except CallFailedError as error:
            logger.info("The gateway did not take an order: %s", error)
