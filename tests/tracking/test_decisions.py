"""What was decided changes field by field as `_replace` would change it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from slatrack.domain.states import Verdict
from slatrack.tracking.decisions import NOBODY, Decided, Flipped

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
KNOWN = Decided(
    "report", 3, "critical", NOON, LATER, True, timedelta(seconds=2), (NOON,), 1, Verdict.UNKNOWN,
    NOON, "behind", NOON, 4, 7, LATER, NOON, "sent",
)  # fmt: skip
FLIP = Flipped(
    NOBODY, "report", 3, 5, "verdict", "unknown", "met", "critical", "", LATER, LATER, NOON, "why",
    7,
)  # fmt: skip


def test_a_judgement_replaces_what_it_says_and_nothing_else():
    assert KNOWN.judged(Verdict.MET, 2, LATER, "", None) == KNOWN._replace(
        verdict=Verdict.MET, warned=2, reached_at=LATER, reason="", next_at=None
    )


def test_what_was_told_replaces_reason_watermark_and_count():
    assert KNOWN.told("late", LATER, 9) == KNOWN._replace(
        reason="late", watermark=LATER, flip_count=9
    )


def test_a_deadline_that_tells_its_flip_says_when_and_where():
    assert KNOWN.telling(LATER, "stored") == KNOWN._replace(decided_at=LATER, decided_step="stored")


def test_a_flip_becomes_that_of_a_journey_and_a_step():
    journey = UUID(int=1)

    assert FLIP.of(journey, "stored") == FLIP._replace(journey_id=journey, step="stored")
