"""Naming: what flows and steps are called before people call them something better."""

import re
from collections.abc import Iterable, Sequence
from itertools import takewhile

from slatrack.domain.discovery.places import METHOD, RPC, Place
from slatrack.domain.flows import KeyKind, KeySource

LONGEST = 60
_APART = re.compile(r"[^\w]+|_+")
_NO_WORD = re.compile(r"^(?:api|v\d+|id|key|message|messages|topic|ref|number)?$")


def step_names(places: Sequence[Place], first: Iterable[Place]) -> list[str]:
    """Return a readable name for each place, none twice."""
    topics = [place.topic for place in places if place.topic]
    entries = set(first)
    wanted = [_choices(place, place in entries, topics) for place in places]
    names: list[str] = []
    for choices in wanted:
        plain = [choice for choice in choices if choice]
        numbered = (f"{plain[0]} {number}" for number in range(2, len(places) + 3))
        names.append(next(name for name in (*plain, *numbered) if name not in names))
    return names


def free_step_name(place: Place, taken: Sequence[str]) -> str:
    """Return a readable name for one more step."""
    choices = [choice for choice in _choices(place, False, [place.topic]) if choice]
    numbered = (f"{choices[0]} {number}" for number in range(2, len(taken) + 3))
    return next(name for name in (*choices, *numbered) if name not in taken)


def _choices(place: Place, is_first: bool, topics: Sequence[str]) -> list[str]:
    service, what = _clean(place.service), _clean(place.what)
    if place.sends:
        return [_own_part(place.topic, topics), what, f"{service} sends {what}"]
    if place.takes:
        return [service, f"{service} {_own_part(place.topic, topics)}", f"{service} {what}"]
    if is_first and place.kind == "server":
        return ["received", f"{service} {what}"]
    if place.kind == "client":
        return [what, f"{service} {what}"]
    return [service, f"{service} {what}"]


def _own_part(topic: str, topics: Sequence[str]) -> str:
    """Return what tells a topic from those beside it: "accepted" of trades.accepted."""
    words = _APART.split(topic)
    alike = [t for t in topics if t != topic and _APART.split(t)[0] == words[0]]
    return _clean(" ".join(words[1:]) if alike and len(words) > 1 else topic)


def _clean(text: str) -> str:
    """Return a text as a name: printable, on one line, not long."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(shown.split())[:LONGEST].strip()


def flow_name(places: Sequence[Place], sources: Sequence[KeySource]) -> str:
    """Return a name for a flow with these steps: letters, digits and dashes."""
    topics = [place.topic for place in places if place.topic]
    columns = zip(*(_APART.split(topic) for topic in topics), strict=False)
    prefix = [words[0] for words in takewhile(lambda words: len({*words}) == 1, columns)]
    routes = [value for place in places for name, value in place.attributes if _is_spot(name)]
    keys = [source.name for source in sources if source.kind is KeyKind.ATTRIBUTE]
    texts = (
        " ".join(prefix),
        *(_APART.sub(" ", route) for route in routes[:1]),
        *(_APART.split(key)[0] for key in keys),
        *topics[:1],
        *(place.service for place in places[:1]),
    )
    for text in texts:
        words = [w for w in re.findall(r"[A-Za-z0-9]+", text) if not _NO_WORD.match(w.lower())]
        if words:
            return "-".join(words).lower()[:LONGEST]
    return "flow"


def _is_spot(name: str) -> bool:
    return name != METHOD and name != RPC[1]


def title(name: str) -> str:
    """Return a flow's title."""
    return name.replace("-", " ").capitalize()
