"""Log records as pages and the API show them: in pages, and as text that cannot do anything."""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from dashboards.paging import BadCursor
from slatrack.tracking.log_reading import place

SHOWN = 600  # characters of a body before it is opened
OPENED = 20_000  # characters of one value at most
ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])"  # of terminals
)
CONTROLS = {number: chr(0x2400 + number) for number in range(32) if chr(number) not in "\n\t"}
CONTROLS |= {127: "\u2421", 13: ""} | dict.fromkeys(range(128, 160), "\N{REPLACEMENT CHARACTER}")
REORDERING = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
CONTROLS |= dict.fromkeys(REORDERING, "\N{REPLACEMENT CHARACTER}")  # text must read as it is stored


def log_page(
    items: Sequence[Mapping[str, Any]], *, cursor: str, limit: int
) -> tuple[list[Mapping[str, Any]], str | None]:
    """Return a page of sorted log records and the cursor of the next one; None: there is none."""
    after = _decode(cursor) if cursor else None
    rest = [one for one in items if after is None or place(one) > after]
    following = _encode(place(rest[limit - 1])) if len(rest) > limit else None
    return rest[:limit], following


def _encode(at: tuple[int, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(at).encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[int, str]:
    try:
        at, mark = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return int(at), str(mark)
    except (binascii.Error, ValueError, TypeError) as error:
        raise BadCursor from error


def visible(text: str) -> str:
    """Return `text` without terminal colours; what else controls rather than says is shown."""
    return ESCAPES.sub("", text).translate(CONTROLS)


def as_text(value: Any) -> str:
    """Return a value for people, cut where nobody would read on."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
    return visible(text[:OPENED]) + (" … cut" if len(text) > OPENED else "")


def line(one: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return a log record as a page shows it; `names` has the names of spans by id."""
    exception = {name: as_text(text) for name, text in (one["exception"] or {}).items()}
    body = as_text(one["body"]) or _headline(exception)
    return {
        **{name: one[name] for name in ("id", "time", "severity", "span_id", "trace_id", "cut")},
        "severity_text": visible(one["severity_text"]),
        "event_name": visible(one["event_name"]),
        "service": visible(one["service"]),
        "span": visible(names.get(one["span_id"], "")),
        "body": body[:SHOWN],
        "more": body if len(body) > SHOWN else "",
        "exception": exception,
        "attributes": {
            visible(name): as_text(value)
            for name, value in one["attributes"].items()
            if not (name.startswith("exception.") and exception)
        },
        "scope": visible(one["scope"]["name"]),
    }


def _headline(exception: Mapping[str, str]) -> str:
    said = (exception.get("type", ""), exception.get("message", ""))
    return ": ".join(filter(None, said))
