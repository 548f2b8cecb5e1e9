"""What a benchmark is, and its figures for people: a line each, with units."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Figures = dict[str, Any]
Progress = Callable[[str], None]


class Impossible(Exception):
    """What was asked for cannot be measured here; says why and what to do."""


@dataclass(frozen=True, slots=True)
class Bench:
    """One benchmark: its options, what it does with them, the units of its figures.

    `wrong` says what of the figures is a defect; empty where all is well.
    """

    about: str
    add_arguments: Callable[[Any], None]  # an argparse group
    run: Callable[[Mapping[str, Any], Progress], Figures]
    units: Mapping[str, str]
    wrong: Callable[[Figures], str]


def table(figures: Figures, units: Mapping[str, str]) -> str:
    """Return the figures for people."""
    width = max(map(len, figures))
    return "\n".join(
        f"{name:<{width}}  {_number(value)} {units.get(name, '')}".rstrip()
        for name, value in figures.items()
    )


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}" if abs(value) >= 1 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
