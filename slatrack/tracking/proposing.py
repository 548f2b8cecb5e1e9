"""Proposing: from what the last look found to a document that may be edited and saved."""

from collections.abc import Iterable
from dataclasses import replace

from slatrack.domain.discovery.proposals import Proposal
from slatrack.domain.discovery.writing import document
from slatrack.tracking import discovering, models

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
