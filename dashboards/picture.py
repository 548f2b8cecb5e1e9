"""What an open page shows, by name: the common currency of pages and sockets."""

import re
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Picture:
    """HTML by element id: rows, their order by lane, and the other parts of the page."""

    rows: dict[str, str] = field(default_factory=dict)
    order: dict[str, list[str]] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)

    def whole(self) -> dict[str, Any]:
        """Return all of it, for a snapshot."""
        return {"rows": self.rows, "order": self.order, "parts": self.parts}

    def since(self, before: "Picture") -> dict[str, Any] | None:
        """Return what a page that shows `before` needs to show this; None if nothing.

        Rows and parts are whole, so applying the answer twice does no harm.
        """
        rows = {name: html for name, html in self.rows.items() if before.rows.get(name) != html}
        parts = {
            name: html
            for name, html in self.parts.items()
            if still(before.parts.get(name, "")) != still(html)
        }
        gone = [name for name in before.parts if name not in self.parts]
        if not rows and not parts and not gone and self.order == before.order:
            return None
        return {"rows": rows, "order": self.order, "parts": parts, "gone": gone}


COUNTED = re.compile(r'(<[^<>]*\sdata-(?:until|since)="[^<>]*>)[^<]*')


def still(html: str) -> str:
    """Return `html` without the times that browsers count on by themselves: they are no change."""
    return COUNTED.sub(r"\1", html)
