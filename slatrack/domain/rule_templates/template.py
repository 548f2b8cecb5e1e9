"""One template: a rule document with what it is taken from, what it reads and leaves out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from slatrack.domain.rules import Rule, parse


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule comes from, when it was compared with what; `text` is an address in words."""

    authority: str
    act: str
    text: str
    checked: date
    against: str


@dataclass(frozen=True, slots=True)
class Example:
    """A start, and when it is due; `attributes` are those that do not begin at the start."""

    start: datetime
    due_at: datetime
    why: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Template:
    """A rule to begin with. `reads` says what each attribute that it looks at must hold."""

    name: str
    title: str
    about: str
    source: Source
    rule: Mapping[str, Any]
    severity: str
    reads: Mapping[str, str]
    leaves_out: tuple[str, ...]
    examples: tuple[Example, ...]

    @cached_property
    def parsed(self) -> Rule:
        """The rule as a value; RuleError where the document is wrong."""
        return parse(self.rule)

    def entry(self, until: str) -> dict[str, Any]:
        """Return it as an entry of a flow document, for the step `until`."""
        return {
            "deadline": self.title,
            "rule": dict(self.rule),
            "until": until,
            "severity": self.severity,
        }

    @property
    def why(self) -> str:
        """What is kept with a version that begins with it."""
        said = f"{self.source.act}; from the template of {self.source.checked}"
        return f"{said}, compared with: {self.source.against}"


def read(name: str, document: Mapping[str, Any]) -> Template:
    """Return the template that a document describes; KeyError or ValueError where it is none."""
    source = document["source"]
    return Template(
        name=name,
        title=document["title"],
        about=document["about"],
        source=Source(**{**source, "checked": date.fromisoformat(source["checked"])}),
        rule=document["rule"],
        severity=document["severity"],
        reads=document["reads"],
        leaves_out=tuple(document["leaves_out"]),
        examples=tuple(_example(one) for one in document["examples"]),
    )


def _example(one: Mapping[str, Any]) -> Example:
    start, due_at = (datetime.fromisoformat(one[name]) for name in ("start", "due_at"))
    return Example(start, due_at, one["why"], one.get("attributes", {}))
