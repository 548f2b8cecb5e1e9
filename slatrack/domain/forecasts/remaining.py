"""What remains for an event that has waited so long already.

Of the events that took longer than it has waited, the share that takes longer than it has time:
P(late) = S(waited + slack) / S(waited). History ends somewhere: one more event than was seen is
taken to be still on its way at its end, and beyond it half are left after twice as long (a Pareto
tail with exponent 1, also known as Lindy's law). So nothing is ever certain, the less so the
smaller the history, and an event that waits longer than any before is the likelier to be late the
longer it waits.

`pace` says how fast events arrive at present, 1 being as history has it: S is raised to that power
(proportional hazards, D. R. Cox, J. R. Stat. Soc. B 34 (1972) 187-220).
"""

from dataclasses import dataclass
from math import log

from slatrack.domain.forecasts.survival import Curve

LONGEST = 30 * 86_400.0  # seconds: what is further away is never


@dataclass(frozen=True, slots=True)
class Remaining:
    """A curve with a tail, asked by events that have waited."""

    curve: Curve

    def share(self, seconds: float) -> float:
        """Return the share that takes longer than `seconds`: never 0, and 1 at the start."""
        longest = self.curve.longest
        if seconds <= longest or longest <= 0:
            return self._within(seconds)
        return self._within(longest) * longest / seconds

    def _within(self, seconds: float) -> float:
        known = self.curve.arrivals
        return (known * self.curve.at(seconds) + 1) / (known + 1)

    def hazard(self, seconds: float) -> float:
        """Return the cumulative hazard: how many arrivals are to be expected of one such wait."""
        return -log(self.share(seconds))

    def late(self, waited: float, slack: float, *, pace: float = 1.0) -> float:
        """Return the probability that what has waited for `waited` takes more than `slack` more."""
        if slack <= 0:
            return 1.0
        of_those = self.share(waited + slack) / self.share(waited)
        return min(1.0, max(0.0, float(of_those**pace)))

    def within(self, waited: float, sure: float, *, pace: float = 1.0) -> float | None:
        """Return in how many more seconds it arrives with probability `sure`.

        None where that is more than LONGEST away.
        """
        if pace <= 0 or self.curve.longest <= 0:
            return None
        wanted = self.share(waited) * (1 - sure) ** (1 / pace)
        found = self._first(wanted)
        return None if found is None or found - waited > LONGEST else max(0.0, found - waited)

    def _first(self, wanted: float) -> float | None:
        """Return the first time at which no more than the share `wanted` is left."""
        curve = self.curve
        end = self._within(curve.longest)
        if end > wanted:
            return curve.longest * end / wanted if wanted > 0 else None
        low, high = 0, len(curve.times) - 1
        while low < high:
            middle = (low + high) // 2
            if self._within(curve.times[middle]) <= wanted:
                high = middle
            else:
                low = middle + 1
        return curve.times[low]
