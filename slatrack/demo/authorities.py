"""The authorities that events are reported to: stand-ins that acknowledge, now and then slowly."""

import asyncio
import json
import secrets
import time
from dataclasses import dataclass, field

from slatrack.demo import faults
from slatrack.demo.lines import LINES, TRADES, Line
from slatrack.demo.web import Answer, App, Handler, Scope, answer, routed

SLOW = 12.0  # seconds longer, while the fault slow_sink is on


@dataclass
class Holds:
    """The regulator takes one delivery of trades into custody now and then, and answers late.

    That is the demo's own incident: one task of the sink waits for the answer, and the trades of
    its partitions run out of time while all others pass.
    """

    first: float = 10.0  # seconds after the start
    every: float = 120.0
    lasting: float = 24.0
    started: float = field(default_factory=time.monotonic)
    taken: int = 0

    def seconds(self, line: Line, *, now: float) -> float:
        """Return for how long the delivery that comes in `now` is held."""
        if line is not TRADES or now < self.started + self.first + self.taken * self.every:
            return 0.0
        self.taken += 1
        return self.lasting


def authority(name: str, holds: Holds) -> App:
    """Return the HTTP application of one authority."""
    mine = [line for line in LINES if line.authority == name]
    return routed({("PUT", line.address): _acknowledges(line, holds) for line in mine})


def _acknowledges(line: Line, holds: Holds) -> Handler:
    async def acknowledge(scope: Scope, body: bytes) -> Answer:
        events = json.loads(body)["events"]
        await asyncio.sleep(holds.seconds(line, now=time.monotonic()))
        await _slowly(line)
        receipts = [{"key": event[line.key], "receipt": _receipt()} for event in events]
        return answer(200, {"acknowledged": receipts})

    return acknowledge


async def _slowly(line: Line) -> None:
    """Take longer while the fault is on; ends at once when it is switched off."""
    until = time.monotonic() + SLOW
    while line is TRADES and time.monotonic() < until and "slow_sink" in faults.active():
        await asyncio.sleep(0.25)


def _receipt() -> str:
    return f"R-{secrets.token_hex(6)}"
