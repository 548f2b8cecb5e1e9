"""Percentiles of small samples, by nearest rank: every figure shown was really measured."""

from collections.abc import Sequence


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """Return the nearest-rank percentile of sorted numbers; None of none."""
    if not ordered:
        return None
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
