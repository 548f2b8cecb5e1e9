"""Where the running demo can be reached: its gateway, its mailbox, its webhook receiver."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from slatrack.demo import place


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses of the demo's doors, all on the loopback interface."""

    gateway: str
    webhook: str
    smtp_host: str
    smtp_port: int


def read() -> Addresses | None:
    """Return the addresses of the demo that ran last; None if none ever did."""
    try:
        return Addresses(**json.loads(_file().read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write(addresses: Addresses) -> None:
    """Publish the addresses."""
    place.write_whole(_file(), json.dumps(asdict(addresses)))


def _file() -> Path:
    return place.folder() / "addresses.json"
