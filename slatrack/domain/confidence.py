"""How sure it is that a span belongs to a journey, by how it was bound."""

from slatrack.domain.binding import BoundBy

CONFIDENCE = {
    BoundBy.KEY: "certain",
    BoundBy.ANCESTRY: "certain",
    BoundBy.LINK: "certain",
    BoundBy.MESSAGE: "high",
    BoundBy.MESSAGE_KEY: "as configured",
    BoundBy.TRACE: "weak",
}


def confidence(bound_by: str) -> str:
    """Return the confidence of a binding: certain, high, as configured, weak."""
    return CONFIDENCE[BoundBy(bound_by)]
