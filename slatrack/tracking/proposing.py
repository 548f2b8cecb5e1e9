"""Proposing: from what the last look found to a document that may be edited and saved."""

from collections.abc import Iterable
from dataclasses import replace

from slatrack.domain.discovery.naming import free_step_name
from slatrack.domain.discovery.proposals import Proposal
from slatrack.domain.discovery.writing import document, step_line
from slatrack.tracking import discovering, documents, drifting, flows, models

LONGEST = 90  # characters of a flow's name before a number


def proposed_document(ident: str, *, key: int = 0) -> str | None:
    """Return the document of a proposal of the last look, with another of its keys where `key`
    says which; None if there is no such proposal any more."""
    row = discovering.latest()
    found = discovering.findings(row).proposals if row else ()
    names = free_names(found)
    for proposal in found:
        if proposal.ident == ident:
            return document(_with_key(proposal, key), name=names[ident])
    return None


def document_with_step(flow: models.Flow, ident: str) -> str | None:
    """Return the flow's document with the step that drift found as an optional one; None if it is
    gone, or the document is written so that nobody but a person can add to it."""
    found = drifting.difference(flow, ident)
    if found is None or found.place is None:
        return None
    [known] = flows.check(flow.document)
    taken = [step.name for step in known.steps]
    name = free_step_name(found.place, taken)
    after = [found.after] if found.after in taken else []
    text = _inserted(flow.document, step_line(name, found.place, after, {"optional": "true"}))
    try:
        [changed] = flows.check(text)
    except (ValueError, documents.FlowError):
        return None
    return text if len(changed.steps) == len(known.steps) + 1 else None


def _inserted(text: str, line: str) -> str:
    """Put a line behind the last step, as far to the right as the other steps."""
    [document] = documents.documents(text)
    lines = text.splitlines()
    top = sorted(document.line((name,)) for name in document.value)
    last = next((n for n in top if n > document.line(("steps",))), len(lines) + 1) - 1
    while last and (not lines[last - 1].strip() or lines[last - 1].lstrip().startswith("#")):
        last -= 1
    first = lines[document.line(("steps", 0)) - 1]
    indent = first[: len(first) - len(first.lstrip())]
    return "\n".join([*lines[:last], indent + line.lstrip(), *lines[last:]]) + "\n"


def _with_key(proposal: Proposal, number: int) -> Proposal:
    if not 1 <= number <= len(proposal.others):
        return proposal
    return replace(proposal, key=proposal.others[number - 1])


def free_names(proposals: Iterable[Proposal]) -> dict[str, str]:
    """Return a name for each proposal, by ident, that no flow has, nor another proposal."""
    taken = set(models.Flow.objects.values_list("name", flat=True))
    names: dict[str, str] = {}
    for proposal in proposals:
        name, number = proposal.name[:LONGEST], 2
        while name in taken:
            name, number = f"{proposal.name[:LONGEST]}-{number}", number + 1
        taken.add(name)
        names[proposal.ident] = name
    return names
