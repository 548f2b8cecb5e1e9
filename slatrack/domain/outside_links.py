"""Links to other tools: templates of addresses, checked once, filled with encoded values.

Values come from spans and are hostile; each is percent-encoded whole, and the host is fixed by the
template, so that nothing sent can lead anywhere else.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

KINDS = ("trace", "span", "logs")
SCHEMES = ("https", "http")
OF_TRACE = ("trace_id", "flow", "key", "start", "start_s", "start_ms", "end", "end_s", "end_ms")
OF_SPAN = ("span_id", "service", "span")
KNOWN = (*OF_TRACE, *OF_SPAN)
MARGIN = timedelta(minutes=1)  # around the time that is asked for: clocks differ
LONGEST_NAME = 40
_placeholder = re.compile(r"\{([a-z_]+)(:json)?\}")
_unsafe = re.compile(r"[\s\x00-\x1f\x7f\"'<>\\^`|]")


@dataclass(frozen=True, slots=True)
class LinkTemplate:
    """A link on each trace, each span, or to the logs of either. ValueError says what is wrong."""

    name: str
    on: str
    url: str

    def __post_init__(self) -> None:
        if not 0 < len(self.name.strip()) <= LONGEST_NAME:
            raise ValueError(f"name must have 1 to {LONGEST_NAME} characters, not {self.name!r}")
        if self.on not in KINDS:
            raise ValueError(f"{self.name}: on must be one of {', '.join(KINDS)}, not {self.on!r}")
        if complaint := _complaint(self.url):
            raise ValueError(f"{self.name}: url {complaint}")

    @property
    def needs_span(self) -> bool:
        """Whether it can be filled for a span only."""
        return self.on == "span" or any(f[0] in OF_SPAN for f in _placeholder.findall(self.url))

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the address; what is not known is left empty."""
        return _placeholder.sub(
            lambda found: _encoded(values.get(found[1], ""), found[2]), self.url
        )


def times(start: datetime, end: datetime) -> dict[str, str]:
    """Return the values of all placeholders of time, a little before `start` to after `end`."""
    found = {}
    for name, at in (("start", start - MARGIN), ("end", end + MARGIN)):
        moment = at.astimezone(UTC)
        found[name] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        found[f"{name}_s"] = str(int(moment.timestamp()))
        found[f"{name}_ms"] = str(int(moment.timestamp() * 1000))
    return found


def _encoded(value: str, form: str | None) -> str:
    text = json.dumps(value)[1:-1] if form else value
    return quote(text, safe="", errors="replace")


def _complaint(url: str) -> str:
    """Say why a template cannot be used; nothing where it can."""
    try:
        parts = urlsplit(_placeholder.sub("x", url))
        fixed = urlsplit(url)
    except ValueError as exc:
        return f"is no address: {exc}"
    if fixed.scheme not in SCHEMES:
        return f"must start with {' or '.join(f'{one}://' for one in SCHEMES)}"
    if not parts.hostname or "{" in fixed.netloc or "@" in fixed.netloc:
        return "must name a fixed host, without a placeholder, user or password in it"
    if _unsafe.search(url):
        return "has a character that must be percent-encoded: a space, quote, bracket or the like"
    if "{" in (rest := _placeholder.sub("", url)) or "}" in rest:
        return "has a brace that belongs to no placeholder; write %7B and %7D"
    unknown = {name for name, _ in _placeholder.findall(url)} - set(KNOWN)
    if unknown:
        return f"has {{{sorted(unknown)[0]}}}; known are {', '.join(f'{{{n}}}' for n in KNOWN)}"
    return ""
