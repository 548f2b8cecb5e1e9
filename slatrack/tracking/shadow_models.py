"""Shadows at rest: deadlines that judge silently beside the rule in force, and what they say."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models


class Shadow(models.Model):
    """A deadline that judges the events which start from `since` on, and tells nobody.

    Events up to the one that started at `judged_to` have been judged; `agreed` of them are met by
    both rules, or concern neither. All others have a ShadowVerdict.
    """

    class State(models.TextChoices):
        RUNNING = "running"
        PROMOTED = "promoted"
        DISCARDED = "discarded"

    flow = models.ForeignKey("tracking.Flow", models.CASCADE, related_name="shadows")
    name = models.CharField(max_length=200, help_text="the deadline that it stands beside")
    document = models.JSONField(help_text="its entry of a flow document")
    since = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    why = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.RUNNING.value)
    judged_to = models.DateTimeField()
    last_id = models.UUIDField(null=True, help_text="the last journey judged")
    agreed = models.PositiveBigIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    ended_why = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["flow", "name"],
                condition=models.Q(state="running"),
                name="one_shadow_per_deadline",
            ),
        ]

    def __str__(self) -> str:
        return f"shadow of {self.name}"


class ShadowVerdict(models.Model):
    """How one event stands to a shadow and to the rule in force (domain.hindsight.Outcome)."""

    shadow = models.ForeignKey(Shadow, models.CASCADE, related_name="verdicts")
    journey = models.ForeignKey("tracking.Journey", models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=14)
    in_force = models.CharField(max_length=20, help_text="by the version that holds at its start")
    due_at = models.DateTimeField(null=True)
    reached_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    judged_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, help_text="when silence can change it")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["shadow", "journey"], name="one_shadow_verdict_each"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["shadow", "outcome", "in_force"], name="shadow_counts"),
        ]

    def __str__(self) -> str:
        return self.outcome
