"""Proposals: what discovery says of a sample. Times are nanoseconds."""

from dataclasses import dataclass

from slatrack.domain.discovery.places import Place
from slatrack.domain.flows import KeySource, Role


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long something usually takes: median, 95th and 99th percentile."""

    p50: int
    p95: int
    p99: int


@dataclass(frozen=True, slots=True)
class ProposedStep:
    """A step as proposed. `share` is of events that came this far, `keyed` of its own spans."""

    name: str
    place: Place
    role: Role
    after: tuple[str, ...]
    share: float
    required: bool
    keyed: float
    taken: Lengths | None  # since the step before began


@dataclass(frozen=True, slots=True)
class Variant:
    """One way that events go: steps of the proposal that it leaves out, places that it adds."""

    events: int
    share: float
    without: tuple[str, ...]
    besides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyReasons:
    """A key and why: numbers are shares from 0 to 1; examples are shortened."""

    sources: tuple[KeySource, ...]
    steps: int  # on how many of the steps its spans carry it
    of: int
    unique: float
    steady: float | None
    distinct: int
    looks: float
    examples: tuple[str, ...]
    across: int  # events of which it puts several traces together
    weak: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """A flow as the sample suggests it. `events` are seen whole, `open` are cut off by its ends."""

    ident: str
    name: str
    title: str
    key: KeyReasons
    others: tuple[KeyReasons, ...]
    steps: tuple[ProposedStep, ...]
    variants: tuple[Variant, ...]
    events: int
    open: int
    traces: int
    whole: Lengths | None  # end to end
    attributes: tuple[str, ...]
    reads: bool  # it only asks for something: hardly an event of the business

    @property
    def share(self) -> float:
        """The share of events that go the usual way."""
        return self.variants[0].share if self.variants else 0.0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A place that no proposal has, and why."""

    label: str
    spans: int
    why: str


@dataclass(frozen=True, slots=True)
class Findings:
    """All that a sample says; the likeliest flow first."""

    proposals: tuple[Proposal, ...]
    left_out: tuple[LeftOut, ...]
    detail: int  # spans of work inside of services
