"""How a flow differs from its document, in words: for the flow's page."""

from dataclasses import dataclass
from datetime import datetime

from dashboards.discovery_words import share, where
from slatrack.domain.discovery.drift import Difference
from slatrack.domain.instants import to_datetime
from slatrack.tracking import drifting
from slatrack.tracking.discovery_models import Drift, DriftDismissal
from slatrack.tracking.models import Flow


@dataclass(frozen=True, slots=True)
class Told:
    """One difference as the page has it."""

    difference: Difference
    title: str
    sentence: str
    since: datetime
    dismissed: DriftDismissal | None = None


@dataclass(frozen=True, slots=True)
class StandingDrift:
    """The last look at a flow: what needs a person, and what one has dismissed."""

    look: Drift
    open: list[Told]
    dismissed: list[Told]


def standing_drift(flow: Flow) -> StandingDrift | None:
    """Return how a flow differs; None where nobody has looked."""
    look = Drift.objects.filter(flow=flow).first()
    if look is None:
        return None
    told = [_told(one, None) for one in drifting.found(look)]
    known = {one.ident: one for one in flow.drift_dismissals.select_related("by")}
    return StandingDrift(
        look,
        [one for one in told if one.difference.ident not in known],
        [_told(one.difference, known[one.difference.ident]) for one in told
         if one.difference.ident in known],
    )  # fmt: skip


def _told(one: Difference, dismissed: DriftDismissal | None) -> Told:
    since = to_datetime(one.since)
    if one.place is None:
        sentence = (
            f"none of the {one.journeys:,} events looked at since shows it; "
            f"before, {share(one.share_before)} of {one.before:,} did"
        )
        return Told(one, f"{one.step} is not seen any more", sentence, since, dismissed)
    sentence = (
        f"{share(one.share)} of the {one.journeys:,} events looked at since go there"
        f"{f', after {one.after}' if one.after else ''}; none of {one.before:,} before did"
    )
    title = f"New: {one.place.service}, {where(one.place)}"
    return Told(one, title, sentence, since, dismissed)
