"""What a rule counts from and looks at, and the clock in which it all happens at one instant."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache

from slatrack.domain.rules.clock import Clock
from slatrack.domain.rules.kinds import Earliest, Latest, Rule, Switch, Versions
from slatrack.domain.rules.parts import OnMissing, Start


def start_names(rule: Rule) -> frozenset[str]:
    """Return what the answer depends on: every `from`, and switched attributes as `attr:<name>`."""
    looked_at = {f"attr:{b.when.attr}" for s in _switches(rule) for b in s.branches if b.when}
    return from_names(rule) | looked_at


@lru_cache(maxsize=4096)
def from_names(rule: Rule) -> frozenset[str]:
    """Return every `from` in the rule, and "ingress" where that may stand in for one."""
    names = {start.name for start in starts(rule)}
    if any(start.on_missing is OnMissing.INGRESS for start in starts(rule)):
        names.add("ingress")
    return frozenset(names)


def starts(rule: Rule) -> Iterator[Start]:
    """Yield every start in the rule, in the document's order."""
    nested = _nested(rule)
    for inner in nested:
        yield from starts(inner)
    if not isinstance(rule, Earliest | Latest | Switch | Versions):
        yield rule.start


def conditions(rule: Rule) -> list[tuple[str, tuple[object, ...]]]:
    """Return the conditions of every switch in the rule: an attribute, and values that fit."""
    branches = [branch for switch in _switches(rule) for branch in switch.branches]
    return [(branch.when.attr, branch.when.among) for branch in branches if branch.when]


def supposed(
    rule: Rule, at: datetime, attributes: Mapping[str, object], *, complete: bool = False
) -> Clock:
    """Return a clock in which the ingress, every step and every unnamed attribute happen at `at`.

    For trying a rule. An attribute that is given as None stays unknown; with `complete`, so do
    all that are not given.
    """
    names = from_names(rule)
    missing = {name[5:] for name in names if name.startswith("attr:")} - set(attributes)
    filled = {} if complete else dict.fromkeys(missing, at.isoformat())
    steps = {name[5:]: at for name in names if name.startswith("step:")}
    return Clock(ingress=at, steps=steps, attributes={**filled, **attributes})


def _nested(rule: Rule) -> tuple[Rule, ...]:
    if isinstance(rule, Earliest | Latest):
        return rule.of
    if isinstance(rule, Switch):
        return tuple(branch.rule for branch in rule.branches)
    if isinstance(rule, Versions):
        return tuple(version.rule for version in rule.versions)
    return ()


def _switches(rule: Rule) -> Iterator[Switch]:
    if isinstance(rule, Switch):
        yield rule
    for inner in _nested(rule):
        yield from _switches(inner)
