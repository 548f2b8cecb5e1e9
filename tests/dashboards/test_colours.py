"""The status hues can be told apart, by everybody, on every ground, in both themes."""

import re
from itertools import combinations
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[2] / "dashboards/static/dashboards/tokens.css"
HUES = ("on-track", "at-risk", "missed", "met")
GROUNDS = ("ground", "panel", "raised", "hover")
THEMES = ("light", "dark")
# Machado, Oliveira and Fernandes (2009), severity 1, for linear RGB
SIGHTS = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
WHITE = (0.95047, 1.0, 1.08883)


def tokens() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {theme: {} for theme in THEMES}
    pattern = r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)"
    for name, light, dark in re.findall(pattern, TOKENS.read_text()):
        found["light"][name], found["dark"][name] = light, dark
    return found


COLOURS = tokens()


def linear(colour: str) -> tuple[float, ...]:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return tuple(p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)


def times(matrix, vector) -> tuple[float, ...]:
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)


def luminance(colour: str) -> float:
    return times(TO_XYZ, linear(colour))[1]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def lab(rgb: tuple[float, ...]) -> tuple[float, float, float]:
    clipped = [min(1.0, max(0.0, part)) for part in rgb]
    x, y, z = (
        t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116
        for t in (a / b for a, b in zip(times(TO_XYZ, clipped), WHITE, strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SIGHTS)
def test_any_two_hues_are_far_apart(theme, sight):
    seen = {hue: lab(times(SIGHTS[sight], linear(COLOURS[theme][hue]))) for hue in HUES}
    for one, other in combinations(HUES, 2):
        far = sum((a - b) ** 2 for a, b in zip(seen[one], seen[other], strict=True)) ** 0.5
        assert far >= 23, (one, other)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", GROUNDS)
def test_every_text_colour_can_be_read_on_every_ground(theme, ground):
    colours = COLOURS[theme]
    for name in (*HUES, "ink", "ink-2", "ink-3", "accent"):
        assert contrast(colours[name], colours[ground]) >= 4.5, name
