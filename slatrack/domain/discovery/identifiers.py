"""Identifiers: how much an attribute's name and values look like those of an event key."""

import re
from collections.abc import Collection

# What is said of machines, calls and code by the semantic conventions is never an event's.
TECHNICAL = (
    "client.", "cloud.", "code.", "container.", "db.", "error.", "exception.", "faas.", "host.",
    "http.", "k8s.", "net.", "network.", "os.", "otel.", "peer.", "process.", "rpc.", "server.",
    "service.", "slatrack.", "source.", "destination.", "store.", "telemetry.", "thread.", "url.",
    "user_agent.", "messaging.", "container_",
)  # fmt: skip
HEADER = "messaging.header."
CONTEXT = ("traceparent", "tracestate", "baggage", "b3", "uber-trace-id", "x-b3-", "x-datadog-")

_GOOD = re.compile(r"(?:^|[._-])(?:id|key|ref|reference|number|no|uuid|guid|identifier)$", re.I)
_CAMEL = re.compile(r"[a-z](?:Id|ID|Key|Ref|Reference|Number|No|Uuid|UUID)$")
_POOR = re.compile(r"session|request|correlation|conversation|trace|span|user|customer|client|host")
_BAD = re.compile(
    r"(?:amount|price|time|date|timestamp|count|size|quantity|total|duration|ms|url|uri|path|body"
    r"|message|description|address|agent|thread|email|mail|phone|iban|name|version|offset)$",
    re.I,
)
_SHAPES = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"  # UUID
    r"|[0-9a-fA-F]{12,}"
    r"|\d{5,}"
    r"|(?=[^\s]*\d)(?=[^\s]*[A-Za-z])[A-Za-z0-9_.:/#-]{3,100}"  # ORD-17
    r"|[A-Za-z0-9]+-[A-Za-z0-9-]{4,100}"
)
_NO_KEY = re.compile(r"\d{4}-\d\d-\d\d.*|\d\d:\d\d.*|/.*|[a-z]+://.*|.*@.*|[-+]?\d+\.\d+")
LOOKED_AT = 200  # values
LEFT = 4  # characters of a value that are shown


def may_be_key(name: str) -> bool:
    """Whether an attribute of this name may hold an event key at all."""
    if name.startswith(HEADER):
        return not name.removeprefix(HEADER).lower().startswith(CONTEXT)
    return not name.startswith(TECHNICAL)


def looks(name: str, values: Collection[str]) -> float:
    """Return from 0 to 1 how much name and values look like an identifier's."""
    some = list(values)[:LOOKED_AT]
    shaped = sum(1 for v in some if _SHAPES.fullmatch(v) and not _NO_KEY.fullmatch(v)) / len(some)
    return 0.65 * shaped + 0.35 * _name(name)


def _name(name: str) -> float:
    if _BAD.search(name):
        return -1.0
    if _GOOD.search(name) or _CAMEL.search(name):
        return 0.5 if _POOR.search(name.lower()) else 1.0
    return 0.0


def shortened(value: str) -> str:
    """Return the beginning of a value: it may be somebody's, and anybody may have written it."""
    kept = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value[:LEFT])
    return kept + "…" if len(value) > LEFT else kept[: max(1, len(value) - 1)] + "…"
