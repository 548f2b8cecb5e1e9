"""What discovery found, in words and as stops of a line: for the page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dashboards.words import duration
from slatrack.domain.discovery.places import Place
from slatrack.domain.discovery.proposals import (
    KeyReasons,
    Lengths,
    Proposal,
    ProposedStep,
    Variant,
)
from slatrack.domain.discovery.writing import document
from slatrack.domain.flows import KeyKind, KeySource

PLENTY = 0.995  # a share that is called all of them


@dataclass(frozen=True, slots=True)
class KeyShown:
    """A key with why it is likely."""

    names: tuple[str, ...]
    why: tuple[str, ...]
    number: int  # among those of its proposal


@dataclass(frozen=True, slots=True)
class StepShown:
    """A step as a stop of the line and as a row of the table."""

    step: ProposedStep
    where: str
    through: str  # the topic it takes from, without its first word
    waits: str  # how long events usually take from the step before
    rarely: str  # and 95 % of them at most


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal as the page has it."""

    proposal: Proposal
    share: str
    length: str
    keys: tuple[KeyShown, ...]
    steps: tuple[StepShown, ...]
    variants: tuple[tuple[Variant, str, str], ...]  # with share and difference in words
    document: str


def shown(proposal: Proposal, name: str) -> Shown:
    """Return a proposal in words; `name` is what the flow would be called."""
    found = [proposal.key, *proposal.others]
    return Shown(
        proposal=proposal,
        share=share(proposal.share),
        length=_length(proposal.whole),
        keys=tuple(KeyShown(tuple(map(source, k.sources)), tuple(_why(k)), n)
                   for n, k in enumerate(found)),
        steps=tuple(map(_step, proposal.steps)),
        variants=tuple((v, share(v.share), _difference(v)) for v in proposal.variants),
        document=document(proposal, name=name),
    )  # fmt: skip


def share(part: float) -> str:
    """Return a share: "all", "92 %", "0.4 %"."""
    if part >= 1:
        return "all"
    if part > PLENTY or part < 0.01:
        return f"{100 * part:.1f} %"
    return f"{100 * part:.0f} %"


def source(one: KeySource) -> str:
    """Return a place of a key as people say it."""
    match one.kind:
        case KeyKind.ATTRIBUTE:
            return one.name
        case KeyKind.HEADER:
            return f"header {one.name}"
        case KeyKind.MESSAGE_KEY:
            return f"message key of {one.name}"
        case KeyKind.MESSAGE:
            return f"place of the first message in {one.name}"
    return "trace"


def where(place: Place) -> str:
    """Return where a step is seen: kind and topic, route or name."""
    return f"{place.kind} {place.what}".strip()


def _why(key: KeyReasons) -> Iterator[str]:
    if key.weak:
        yield "no attribute, header or message key names the event, so this stands for it"
        yield f"{key.distinct:,} of them"
        return
    yield f"on the spans of {key.steps} of {key.of} steps"
    if key.steady is not None:
        yield f"the same from step to step in {share(key.steady)}"
    yield f"{key.distinct:,} different values; at one step {share(key.unique)} differ"
    yield f"looks like an identifier: {', '.join(key.examples)}"
    if key.across:
        yield f"puts together {key.across:,} events that go through several traces"


def _step(step: ProposedStep) -> StepShown:
    taken = step.taken
    return StepShown(
        step,
        where(step.place),
        step.place.topic.partition(".")[2] or step.place.topic if step.place.takes else "",
        duration(taken.p50 / 1e9) if taken else "",
        duration(taken.p95 / 1e9) if taken else "",
    )


def _length(whole: Lengths | None) -> str:
    if whole is None:
        return "–"
    return f"{duration(whole.p50 / 1e9)}, 99 % within {duration(whole.p99 / 1e9)}"


def _difference(variant: Variant) -> str:
    parts = _without(variant.without), _besides(variant.besides)
    return "; ".join(part for part in parts if part) or "the way shown above"


def _without(names: Sequence[str]) -> str:
    return f"without {', '.join(names)}" if names else ""


def _besides(labels: Sequence[str]) -> str:
    return f"also {', '.join(labels)}" if labels else ""
