"""What charts show: traces and layout for the browser's chart library, as plain data.

Colours are names of tokens ("@met"); `charts.js` puts in the theme's own. Every chart comes with
a caption that states the finding and a table of the same numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure: what it shows, what it says in words, and the numbers as a table."""

    name: str
    title: str
    caption: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]
    columns: tuple[str, ...] = ()
    rows: Sequence[Sequence[str]] = field(default_factory=list)

    @property
    def document(self) -> dict[str, Any]:
        """Return what the browser draws."""
        return {"data": self.data, "layout": self.layout}

    @property
    def script_id(self) -> str:
        """Return the id of the element that holds the document."""
        return f"chart-{self.name}"
