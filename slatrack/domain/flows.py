"""A flow: a kind of event, where its key is found, the steps of its way, its deadlines."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property

from slatrack.domain.edges import Side, messages, side
from slatrack.domain.families import CHILDREN, ONCE, ChildrenSpec, Expected, ParentSpec
from slatrack.domain.forecasts.forecast import THRESHOLD
from slatrack.domain.matches import Match, as_text
from slatrack.domain.rules import Rule, start_names
from slatrack.domain.spans import Span, Value

MESSAGE_KEY = "messaging.kafka.message.key"
MAX_KEY = 500  # characters; a longer one is no event key


class Role(StrEnum):
    """What a step is to its event. The last three lie beside the way: an event need not pass them.

    `cancel` ends the event, `amend` begins a new version of it, `dead_letter` is where it was put
    when nobody could process it.
    """

    INGRESS = "ingress"
    PROCESSING = "processing"
    SINK = "sink"
    CANCEL = "cancel"
    AMEND = "amend"
    DEAD_LETTER = "dead_letter"


ASIDE = frozenset({Role.CANCEL, Role.AMEND, Role.DEAD_LETTER})


class AmendClock(StrEnum):
    """What an amendment does to the clock of a deadline."""

    RESTART = "restart"
    INHERIT = "inherit"


class Duplicates(StrEnum):
    """What a second submission of the same event is: one more attempt, or nothing."""

    ATTEMPT = "attempt"
    IGNORE = "ignore"


class KeyKind(StrEnum):
    ATTRIBUTE = "attribute"
    HEADER = "header"
    MESSAGE_KEY = "message_key"
    MESSAGE = "message"
    TRACE = "trace"


@dataclass(frozen=True, slots=True)
class KeySource:
    """One place where the event key may be found; `name` is an attribute, header or topic glob."""

    kind: KeyKind
    name: str = ""

    @property
    def attribute(self) -> str | None:
        """The span attribute that this reads, if it reads one."""
        if self.kind is KeyKind.ATTRIBUTE:
            return self.name
        if self.kind is KeyKind.HEADER:
            return f"messaging.header.{self.name}"
        return MESSAGE_KEY if self.kind is KeyKind.MESSAGE_KEY else None

    def find(self, span: Span) -> tuple[str, ...]:
        """Return the keys that `span` carries here: none, one, or many for a batch."""
        if self.kind is KeyKind.ATTRIBUTE:
            return _keys(span.attributes.get(self.name))
        if self.kind is KeyKind.MESSAGE_KEY and not fnmatchcase(span.topic or "", self.name):
            return ()
        if self.kind is KeyKind.TRACE:
            return (span.trace_id.hex(),)
        if self.kind is KeyKind.MESSAGE:
            return self._coordinates(span)
        return _keys(span.attributes.get(self.attribute or ""))

    def _coordinates(self, span: Span) -> tuple[str, ...]:
        found = {
            f"{message.topic}-{message.partition}@{message.offset}": None
            for message in messages(span, side(span.kind, span.operation) or Side.PRODUCES)
            if fnmatchcase(message.topic, self.name)
        }
        return tuple(found)


def _keys(value: Value | None) -> tuple[str, ...]:
    """The event keys that an attribute's value holds: each once, none that is empty or too long."""
    if isinstance(value, str):
        return (value,) if 0 < len(value) <= MAX_KEY else ()
    if value is None:
        return ()
    found = value if isinstance(value, tuple) else (str(value),)
    return tuple(key for key in dict.fromkeys(found) if 0 < len(key) <= MAX_KEY)


@dataclass(frozen=True, slots=True)
class Step:
    """A place on the way that spans prove. `after` names the steps it may follow."""

    name: str
    role: Role
    match: Match
    after: tuple[str, ...] = ()
    required: bool = True
    times: Expected = ONCE
    event_key: tuple[KeySource, ...] = ()


@dataclass(frozen=True, slots=True)
class AmendSpec:
    """How an amendment is told, and what it does to the clock.

    It is told by a version attribute; where there is none, by the steps with role amend.
    """

    clock: AmendClock
    version: str | None = None


@dataclass(frozen=True)
class DeadlineSpec:
    """A deadline as a flow sets it: rule, the step that stops its clock, and for which events."""

    name: str
    rule: Rule
    until: str
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    severity: str = "warning"
    grace: timedelta | None = None  # None: the installation's default
    at_risk: float | None = THRESHOLD  # the probability of a miss; None: never at risk

    @cached_property
    def starts(self) -> frozenset[str]:
        """What its rule counts from or depends on: "ingress", "step:…", "attr:…"."""
        return start_names(self.rule)

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """The attributes that it looks at."""
        counted = sorted(name[5:] for name in self.starts if name.startswith("attr:"))
        return tuple(dict.fromkeys([*self.when, *counted]))

    @cached_property
    def start_steps(self) -> tuple[str, ...]:
        """The steps that its rule counts from."""
        return tuple(sorted(n[5:] for n in self.starts if n.startswith("step:")))

    def applies(self, attributes: Mapping[str, object]) -> bool:
        """Whether an event with these attributes has this deadline."""
        return all(
            name in attributes and as_text(attributes[name]) in allowed
            for name, allowed in self.when.items()
        )


@dataclass(frozen=True)
class Flow:
    """A flow as its document says; equal documents make equal flows."""

    name: str
    title: str
    event_key: tuple[KeySource, ...]
    steps: tuple[Step, ...]
    deadlines: tuple[DeadlineSpec, ...] = ()
    attributes: tuple[str, ...] = ()  # kept with each journey, for display and search
    lost_after: timedelta = timedelta(days=1)
    parent: ParentSpec | None = None
    children: ChildrenSpec | None = None
    amend: AmendSpec | None = None
    duplicates: Duplicates = Duplicates.ATTEMPT
    cohort: str = ""  # the attribute whose values have forecasts of their own
    implied: tuple[Step, ...] = ()  # steps of every flow that its document need not name

    def step(self, name: str) -> Step:
        """Return the step called `name`; KeyError if there is none."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Step]:
        return {step.name: step for step in self.all_steps}

    @cached_property
    def all_steps(self) -> tuple[Step, ...]:
        """The steps of the document, and those that every flow has."""
        return (*self.steps, *self.implied)

    @cached_property
    def order(self) -> Mapping[str, int]:
        """The place of each step in the document, the implied ones last."""
        return {step.name: number for number, step in enumerate(self.all_steps)}

    @cached_property
    def ingress(self) -> frozenset[str]:
        """The names of the steps that events come in by."""
        return self.named(Role.INGRESS)

    @cached_property
    def cancels(self) -> frozenset[str]:
        """The names of the steps that end an event as cancelled."""
        return self.named(Role.CANCEL)

    @cached_property
    def amends(self) -> frozenset[str]:
        """The names of the steps that begin a new version of an event."""
        return self.named(Role.AMEND)

    @cached_property
    def dead_letters(self) -> frozenset[str]:
        """The names of the steps that put an event aside as a dead letter."""
        return self.named(Role.DEAD_LETTER)

    @cached_property
    def beside(self) -> frozenset[str]:
        """The names of the steps that tell something of an event, but not where it is."""
        return self.cancels | self.amends

    @cached_property
    def has_history(self) -> bool:
        """Whether its events may be amended or cancelled."""
        return bool(self.amend or self.cancels)

    @cached_property
    def needs_children(self) -> bool:
        """Whether an event is done only once its children are."""
        return self.children is not None and self.children.required

    def named(self, *roles: Role) -> frozenset[str]:
        """Return the names of the steps with one of some roles."""
        return frozenset(step.name for step in self.all_steps if step.role in roles)

    @cached_property
    def ends(self) -> tuple[str, ...]:
        """The names of the steps that must all be reached for an event to be done."""
        sinks = [s.name for s in self.steps if s.role is Role.SINK and s.required]
        if sinks:
            return tuple(sinks)
        followed = {name for step in self.steps for name in step.after}
        return tuple(s.name for s in self.steps if s.required and s.name not in followed)

    @cached_property
    def wanted(self) -> frozenset[str]:
        """The attribute names that must be read from spans for this flow."""
        sources = [*self.event_key, *(s for step in self.steps for s in step.event_key)]
        names = {s.attribute for s in sources if s.attribute}
        names.update(*(step.match.attributes for step in self.steps))
        return frozenset(names | set(self.kept))

    @cached_property
    def kept(self) -> tuple[str, ...]:
        """The attribute names whose values a journey keeps."""
        names = dict.fromkeys(self.attributes)
        names |= dict.fromkeys(self._counted_by)
        names |= dict.fromkeys([self.cohort] if self.cohort else [])
        for deadline in self.deadlines:
            names |= dict.fromkeys(deadline.reads)
        return tuple(names)

    @cached_property
    def _counted_by(self) -> tuple[str, ...]:
        """The attributes that say how many, which version, and whose child."""
        expected = [step.times for step in self.steps]
        if self.children and self.children.expected:
            expected.append(self.children.expected)
        names = [one.attribute for one in expected]
        names += [self.parent.attribute if self.parent else None, self.version_attribute]
        return tuple(name for name in names if name)

    @property
    def version_attribute(self) -> str | None:
        """The attribute that says which version of the event a span speaks of."""
        return self.amend.version if self.amend else None

    def waits_for_children(self, until: str) -> bool:
        """Whether a deadline `until` that is stopped by the last child, not by a step."""
        return self.children is not None and until == CHILDREN
