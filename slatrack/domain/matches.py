"""Matches: how a step recognises its spans."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from slatrack.domain.spans import Kind, Span, Value

KINDS = {kind.name.lower(): int(kind) for kind in Kind}


class Pattern(Protocol):
    """A compiled RE2 pattern."""

    def search(self, text: str) -> object | None: ...


Compile = Callable[[str], Pattern]


@dataclass(frozen=True, slots=True)
class Test:
    """What one value must be: one of some strings, with a prefix, like a pattern, or just there."""

    one_of: frozenset[str] | None = None
    prefix: str | None = None
    pattern: str | None = None
    exists: bool | None = None
    compiled: Pattern | None = field(default=None, compare=False)

    def passes(self, value: Value | None) -> bool:
        """Whether `value` (None: absent) is as it must be; of several values, whether any is."""
        if isinstance(value, tuple):
            return any(self.passes(one) for one in value) if value else self.exists is False
        if self.exists is not None:
            return (value is not None) is self.exists
        if value is None:
            return False
        text = as_text(value)
        if self.one_of is not None:
            return text in self.one_of
        if self.prefix is not None:
            return text.startswith(self.prefix)
        return self.compiled is not None and self.compiled.search(text) is not None


@dataclass(frozen=True, slots=True)
class Match:
    """All that must hold for a span to prove a step."""

    kinds: frozenset[int] = frozenset()
    service: Test | None = None
    name: Test | None = None
    topic: Test | None = None
    operation: Test | None = None
    scope: Test | None = None
    attributes: Mapping[str, Test] = field(default_factory=dict)
    resource: Mapping[str, Test] = field(default_factory=dict)

    def fits_shape(self, span: Span) -> bool:
        """Whether all but attributes fits: what spans of one kind, place and name share."""
        return (
            (not self.kinds or span.kind in self.kinds)
            and (self.service is None or self.service.passes(span.service))
            and (self.name is None or self.name.passes(span.name))
            and (self.topic is None or self.topic.passes(span.topic))
            and (self.operation is None or self.operation.passes(span.operation))
            and (self.scope is None or self.scope.passes(span.origin.scope))
            and all(t.passes(span.origin.resource.get(n)) for n, t in self.resource.items())
        )

    def fits_attributes(self, span: Span) -> bool:
        """Whether the attributes fit."""
        return all(t.passes(span.attributes.get(n)) for n, t in self.attributes.items())


def as_text(value: object) -> str:
    """Return a value as documents write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
