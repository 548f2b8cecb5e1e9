"""The authorities that events are reported to: stand-ins that acknowledge, now and then slowly."""

import asyncio
import json
import secrets
import threading
import time
from dataclasses import dataclass, field

from slatrack.demo import faults
from slatrack.demo.lines import LINES, TRADES, Line
from slatrack.demo.web import Answer, App, Handler, Scope, answer, routed

SLOW = 12.0  # seconds longer, while the fault slow_sink is on
LOOK = 0.25  # seconds between looks at whether it still is


@dataclass
class Holds:
    """The regulator takes one delivery of trades into custody now and then, and answers late.

    That is the demo's own incident: one task of the sink waits for the answer, and the trades of
    its partitions run out of time while all others pass.
    """

    first: float = 8.0  # seconds after the start
    every: float = 120.0
    lasting: float = 24.0
    started: float = field(default_factory=time.monotonic)
    taken: int = 0
    released: threading.Event = field(default_factory=threading.Event)  # nothing is held any more

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
        await _held(holds, holds.seconds(line, now=time.monotonic()))
        await _slowly(holds, line)
        receipts = [{"key": event[line.key], "receipt": _receipt()} for event in events]
        return answer(200, {"acknowledged": receipts})

    return acknowledge


async def _held(holds: Holds, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not holds.released.is_set():
        await asyncio.sleep(LOOK)


async def _slowly(holds: Holds, line: Line) -> None:
    """Take longer while the fault is on; ends at once when it is switched off."""
    until = time.monotonic() + (SLOW if line is TRADES else 0)
    while "slow_sink" in faults.active() and time.monotonic() < until:
        await _held(holds, LOOK)
        if holds.released.is_set():
            return


def _receipt() -> str:
    return f"R-{secrets.token_hex(6)}"
