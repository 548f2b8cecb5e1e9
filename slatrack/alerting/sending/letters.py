"""What goes out and what comes back, whatever the kind of channel."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

LONGEST = timedelta(seconds=30)  # any attempt, from the look-up of the name to the end of the reply
USUAL = timedelta(seconds=10)
MOST_KEPT = 2000  # characters of a reply


class Outcome(StrEnum):
    SENT = "sent"
    RETRY = "retry"  # it may work later
    REFUSED = "refused"  # it cannot work until somebody changes something
    GONE = "gone"  # the receiver asks never to be called again


@dataclass(frozen=True, slots=True)
class Letter:
    """One message for one channel. `key` is the same for every attempt to send it."""

    key: str
    body: Mapping[str, Any]
    at: datetime  # of this attempt
    thread: str = ""  # messages of one incident belong together


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of an attempt: `status` and `excerpt` as the receiver gave them."""

    outcome: Outcome
    status: str = ""
    excerpt: str = ""
    error: str = ""
    retry_after: timedelta | None = None
    busy: bool = False  # the receiver as a whole is unwell, not just with this message

    @property
    def ok(self) -> bool:
        """Whether the receiver said yes."""
        return self.outcome is Outcome.SENT

    def masked(self, secret: str) -> "Reply":
        """Return this shortened, with `secret` blotted out wherever it was echoed."""
        parts = [part for part in {secret, secret.removeprefix("whsec_")} if len(part) >= 4]
        excerpt, error = self.excerpt, self.error
        for part in sorted(parts, key=len, reverse=True):
            excerpt, error = excerpt.replace(part, "•••"), error.replace(part, "•••")
        excerpt, error = excerpt.replace("\0", "�"), error.replace("\0", "�")
        return replace(self, excerpt=excerpt[:MOST_KEPT], error=error[:500])


def patience(config: Mapping[str, Any]) -> float:
    """Return the seconds that an attempt may take, as a channel sets it, within LONGEST."""
    wanted = config.get("timeout_s")
    if not isinstance(wanted, int | float) or isinstance(wanted, bool) or wanted <= 0:
        return USUAL.total_seconds()
    return min(float(wanted), LONGEST.total_seconds())
