"""What changed between two texts, line by line."""

from difflib import SequenceMatcher
from typing import NamedTuple

AROUND = 3  # unchanged lines shown around a change


class Line(NamedTuple):
    """One line: kept, added, removed, or a gap ("") where unchanged lines are left out."""

    kind: str
    before: int | None
    after: int | None
    text: str


def diff(before: str, after: str) -> list[Line]:
    """Return the changed lines with a few around them; nothing if the texts are the same."""
    old, new = before.splitlines(), after.splitlines()
    lines: list[Line] = []
    groups = SequenceMatcher(a=old, b=new, autojunk=False).get_grouped_opcodes(AROUND)
    for group in groups:
        if lines or group[0][1] > 0:
            lines.append(Line("gap", None, None, ""))
        for tag, a1, a2, b1, b2 in group:
            if tag == "equal":
                lines += [Line("kept", a1 + n + 1, b1 + n + 1, old[a1 + n]) for n in range(a2 - a1)]
                continue
            lines += [Line("removed", n + 1, None, old[n]) for n in range(a1, a2)]
            lines += [Line("added", None, n + 1, new[n]) for n in range(b1, b2)]
    return lines
