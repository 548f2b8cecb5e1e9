"""Writing: a proposal as the text of a flow document, whatever the names in it hold.

Names come from spans: whoever may send spans writes them. They are quoted where they are more than
plain words, and escaped so that none of them ends its line.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from slatrack.domain.discovery.identifiers import HEADER
from slatrack.domain.discovery.places import LONGEST, VARIES, Place, pattern
from slatrack.domain.discovery.proposals import Proposal, ProposedStep
from slatrack.domain.flows import KeyKind, KeySource, Role

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./ -]*[A-Za-z0-9_/]|[A-Za-z]")
_WORDS_WITH_MEANING = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_DEADLINES = (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
ROOM = 2  # a deadline that most events meet: as many times the time that 99 of 100 take


def document(proposal: Proposal, *, name: str = "") -> str:
    """Return the flow document of a proposal, called `name` or as proposed; it has no deadline yet.

    A comment says how long events took and what deadline would leave them room.
    """
    own = name or proposal.name
    lines = [
        f"flow: {quoted(own)}",
        f"title: {quoted(proposal.title)}",
        f"event_key: [{', '.join(map(_source, proposal.key.sources))}]",
    ]
    if proposal.attributes:
        lines.append(f"attributes: [{', '.join(map(quoted, proposal.attributes))}]")
    steps = [step_line(one.name, one.place, one.after, _extras(one)) for one in proposal.steps]
    return "\n".join([*lines, "steps:", *steps, *_deadline_help(proposal)]) + "\n"


def step_line(
    name: str, place: Place, after: Sequence[str], extras: Mapping[str, str] | None = None
) -> str:
    """Return the line of one step."""
    fields = {"step": quoted(name), **(extras or {}), "match": match(place)}
    if after:
        fields["after"] = f"[{', '.join(map(quoted, after))}]"
    return f"  - {{{', '.join(f'{field}: {value}' for field, value in fields.items())}}}"


def _extras(step: ProposedStep) -> dict[str, str]:
    role = {} if step.role is Role.PROCESSING else {"role": step.role.value}
    return role if step.required else {**role, "optional": "true"}


def match(place: Place) -> str:
    """Return the match by which a step recognises the spans of a place."""
    return f"{{{', '.join(f'{field}: {value}' for field, value in _tests(place))}}}"


def _tests(place: Place) -> Iterator[tuple[str, str]]:
    yield "service", quoted(place.service)
    yield "kind", place.kind
    if place.topic:
        yield "topic", quoted(place.topic)
    if place.operation:
        yield "operation", quoted(place.operation)
    if place.name:
        yield "name", _name(place.name)
    if place.attributes:
        said = ", ".join(f"{quoted(name)}: {quoted(value)}" for name, value in place.attributes)
        yield "attributes", f"{{{said}}}"


def _name(name: str) -> str:
    if len(name) >= LONGEST:
        return f"{{prefix: {quoted(name.split(VARIES)[0] or name[:1])}}}"
    return f"{{pattern: {quoted(pattern(name))}}}" if VARIES in name else quoted(name)


def _source(source: KeySource) -> str:
    match source.kind:
        case KeyKind.ATTRIBUTE:
            return quoted(source.name)
        case KeyKind.TRACE:
            return "{trace: true}"
    return f"{{{source.kind.value}: {quoted(source.name.removeprefix(HEADER))}}}"


def _deadline_help(proposal: Proposal) -> Iterator[str]:
    if proposal.whole is None or not (ends := [s for s in proposal.steps if s.role is Role.SINK]):
        return
    seconds = proposal.whole.p99 / 1e9
    fits = next((one for one in _DEADLINES if one >= ROOM * seconds), 2 * _DEADLINES[-1])
    yield f"# End to end, 99 % of the {proposal.events:,} events looked at took {seconds:.3g} s."
    yield "# A deadline that leaves them room; put in what the regulation demands:"
    yield "# deadlines:"
    yield f"#   - deadline: within {fits} s"
    rule = f"kind: duration, from: ingress, amount: PT{fits}S, warn: [{{fraction: 0.5}}]"
    yield f"#     rule: {{{rule}}}"
    yield f"#     until: {quoted(ends[-1].name)}"
    yield "#     severity: critical"


def quoted(text: str) -> str:
    """Return `text` as YAML: as it is where it is plain words, else in double quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS_WITH_MEANING:
        return text
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(c: str) -> str:
    if c in '"\\':
        return "\\" + c
    if c.isprintable() and c != "\N{ZERO WIDTH NO-BREAK SPACE}":
        return c
    return f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"
