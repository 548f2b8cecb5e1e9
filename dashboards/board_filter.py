"""What a board is narrowed to; its address holds all of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from dashboards.standing import LANES

MOST = 500  # characters of any one value
FIELDS = ("flow", "step", "at", "show", "q", "lane")
SHOWS = ("at_risk", "stuck")
PLACES = ("working", "waiting")


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """Empty fields do not narrow. `lane` shows one lane whole, a page at a time.

    `step` is where events were seen last, `at` whether they work there or wait after it.
    """

    flow: str = ""
    step: str = ""
    at: str = ""
    show: str = ""
    attribute: str = ""
    value: str = ""
    q: str = ""
    lane: str = ""
    page: int = 1

    @property
    def query(self) -> str:
        """The address's query string; equal filters have equal ones."""
        fields = {name: getattr(self, name) for name in FIELDS}
        if self.attribute:
            fields["attr"] = f"{self.attribute}={self.value}"
        if self.page > 1:
            fields["page"] = str(self.page)
        return urlencode({name: value for name, value in fields.items() if value})

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What a form that adds an attribute must send along."""
        fields = ((name, getattr(self, name)) for name in FIELDS if name != "lane")
        return [(name, value) for name, value in fields if value]

    @property
    def narrowed(self) -> bool:
        """Whether anything but the lane is chosen."""
        return bool(self.flow or self.step or self.show or self.attribute or self.q)

    def but(self, **changes: object) -> str:
        """Return the query string of this filter with some fields changed, at its first page."""
        return replace(self, **{"page": 1, **changes}).query  # type: ignore[arg-type]


def read(query: str) -> BoardFilter:
    """Return the filter that a query string asks for; what it does not know is left out."""
    return of(dict(parse_qsl(query[: 4 * MOST], max_num_fields=20)))


def of(fields: Mapping[str, str]) -> BoardFilter:
    """Return the filter that query fields ask for."""
    clean = {name: value.replace("\0", "").strip()[:MOST] for name, value in fields.items()}
    attribute, _, value = clean.get("attr", "").partition("=")
    show, lane, page = clean.get("show", ""), clean.get("lane", ""), clean.get("page", "")
    step, at = clean.get("step", ""), clean.get("at", "")
    return BoardFilter(
        flow=clean.get("flow", ""),
        step=step,
        at=at if step and at in PLACES else "",
        show=show if show in SHOWS else "",
        attribute=attribute.strip(),
        value=value.strip(),
        q=clean.get("q", ""),
        lane=lane if lane in LANES else "",
        page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
    )
