"""Recorded changes at rest: the history of verdicts and statuses, and what is news still."""

from typing import Any, ClassVar

from django.db import models

from slatrack.domain.states import Verdict

# Of rows that are written in bulk, in the transaction that locks what they refer to (ADR 100).
BULK: dict[str, Any] = {"db_index": False, "db_constraint": False}


class Change(models.Model):
    """What is recorded of a change. `number` counts those of one deadline, or of one status."""

    class About(models.TextChoices):
        WARNING = "warning"
        VERDICT = "verdict"
        STATUS = "status"
        RISK = "risk"

    deadline = models.CharField(max_length=200, blank=True, help_text="empty: the journey itself")
    version = models.PositiveIntegerField(default=0)
    number = models.PositiveIntegerField()
    about = models.CharField(max_length=7, choices=About.choices)
    before = models.CharField(max_length=9)
    after = models.CharField(max_length=9)
    severity = models.CharField(max_length=20, blank=True)
    step = models.CharField(max_length=100, help_text="where the event stood")
    at = models.DateTimeField(help_text="the instant that it speaks of, e.g. the due time")
    due_at = models.DateTimeField(null=True)
    watermark = models.DateTimeField(null=True)
    almanac = models.IntegerField(null=True, help_text="the Almanac that due_at was worked out by")
    reason = models.CharField(max_length=500, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        abstract = True


class Flip(Change):
    """A recorded change, written once: history. What is news to somebody is UnroutedFlip before.

    No change can be history twice. The one of a deadline that was kept is told by its
    journey alone: read history by `flip_history`.
    """

    journey = models.ForeignKey("tracking.Journey", models.CASCADE, related_name="flips", **BULK)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["journey", "deadline", "version", "number"], name="one_flip_each"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(  # for the map of a flow: where were deadlines missed lately?
                fields=["at"], name="flip_missed", condition=models.Q(after=Verdict.MISSED.value)
            ),
        ]


class UnroutedFlip(Change):
    """A change that alerting has not taken up yet: a queue, in order of its id.

    Whoever takes it up makes it a Flip, in one transaction. `id` is not that of the Flip.
    """

    journey = models.ForeignKey("tracking.Journey", models.CASCADE, related_name="+", **BULK)
    flow = models.ForeignKey("tracking.Flow", models.CASCADE, related_name="+", **BULK)

    def as_flip(self) -> Flip:
        """Return what it says as history, unsaved."""
        says = {field.name: getattr(self, field.name) for field in Change._meta.local_fields}
        loaded = {"journey": self.journey} if UnroutedFlip.journey.is_cached(self) else {}
        return Flip(journey_id=self.journey_id, **says, **loaded)
