"""Names cut to the width of a box: into two lines where they have a seam, else in the middle."""

import re

NARROW, BROAD = frozenset("iljtfrI.,:;'|!()[]-/ "), frozenset("mwMW@%")
SEAM = re.compile(r"(?<=[-_./:\s])|(?<=[a-z0-9])(?=[A-Z])")


def width(text: str) -> float:
    """Return about how many letters of usual width `text` is as wide as."""
    return sum(
        0.55 if c in NARROW else 1.5 if c in BROAD else 1.15 if c.isupper() else 1 for c in text
    )


def lines(name: str, room: float) -> tuple[str, ...]:
    """Return `name` in one or two lines of at most `room` letters; what is cut out shows as "…"."""
    if width(name) <= room:
        return (name,)
    for seam in reversed(_seams(name)):
        first, rest = name[:seam].rstrip(), name[seam:].lstrip()
        if width(first) <= room:
            return (first, cut(rest, room))
    return (cut(name, room),)


def _seams(name: str) -> list[int]:
    return [found.start() for found in SEAM.finditer(name) if 0 < found.start() < len(name)]


def cut(text: str, room: float) -> str:
    """Return `text`, its middle left out if it is wider than `room`: both ends tell names apart."""
    if width(text) <= room:
        return text
    head, tail = text, ""
    while head and width(head) + width(tail) + 1 > room:
        if width(tail) + 1 < width(head) and width(text[len(text) - len(tail) - 1 :]) <= room / 2:
            tail = text[len(text) - len(tail) - 1 :]
        head = head[:-1]
    return f"{head.rstrip()}…{tail.lstrip()}"
