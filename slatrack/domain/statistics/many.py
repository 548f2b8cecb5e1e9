"""Many questions at once: of twenty that are asked, one seems to be answered by chance alone."""

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values, each corrected for all that were asked (Holm, Scand. J. Stat. 6, 1979).

    Taking those below 0.05 has at most a chance of 5 % that any of them is a mere accident, however
    the questions depend on each other.
    """
    order = sorted(range(len(p_values)), key=lambda n: p_values[n])
    corrected, highest = [0.0] * len(p_values), 0.0
    for place, n in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[n]))
        corrected[n] = highest
    return corrected
