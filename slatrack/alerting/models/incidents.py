"""What people should know, and what of it has one cause.

Rows are written by `slatrack.alerting.routing` and `slatrack.alerting.incidents` only.
"""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from slatrack.domain.ladder import Rung
from slatrack.tracking.models import Flow, Journey

# Of rows that are written in bulk, in the transaction that locks what they refer to (ADR 100).
_BULK: dict[str, Any] = {"db_index": False, "db_constraint": False}
RUNGS = [(rung.value, rung.value.replace("_", " ")) for rung in Rung]


class Incident(models.Model):
    """The alerts of one flow and deadline, stuck at one step: told to people as one thing.

    `events` counts the events that ever joined, `open_events` those not over yet (as of the last
    sweep or joining). `rank` is how bad it was at worst, `told_rank` how bad when last told.
    """

    class State(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        SNOOZED = "snoozed"
        RESOLVED = "resolved"

    flow = models.ForeignKey(Flow, models.CASCADE, related_name="incidents")
    deadline = models.CharField(max_length=200, blank=True, help_text="empty: the events failed")
    step = models.CharField(max_length=100, blank=True, help_text="where the events are stuck")
    state = models.CharField(max_length=12, choices=State.choices, default="open")
    severity = models.CharField(max_length=20)
    rung = models.CharField(max_length=12, choices=RUNGS, help_text="the worst so far")
    rank = models.PositiveSmallIntegerField()
    told_rank = models.PositiveSmallIntegerField(default=0)
    tellings = models.PositiveIntegerField(default=0, help_text="how often people were told")
    events = models.PositiveIntegerField(default=0)
    open_events = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField()
    first_at = models.DateTimeField(help_text="the instant that its first alert speaks of")
    last_at = models.DateTimeField(help_text="when its newest alert was decided")
    earliest_due_at = models.DateTimeField(null=True, help_text="of its open events")
    count_at = models.DateTimeField(null=True, help_text="when these are counted again; null: now")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="incidents"
    )
    until = models.DateTimeField(null=True, help_text="when an acknowledgement or snooze ends")
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        permissions: ClassVar[Any] = [
            ("act_on_incident", "Can acknowledge, snooze and resolve incidents"),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["flow", "deadline", "step"],
                condition=~models.Q(state="resolved"),
                name="one_live_incident_per_cause",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "-last_at", "-id"], name="incident_by_state"),
            models.Index(fields=["until"], name="incident_until", condition=~models.Q(until=None)),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.flow_id}/{self.deadline} at {self.step}"

    @property
    def number(self) -> int:
        """The number people call it by in this installation."""
        return int(self.pk)

    @property
    def live(self) -> bool:
        """Whether new events of the same cause join it."""
        return self.state != self.State.RESOLVED


class IncidentChange(models.Model):
    """One transition of an incident: who, when, why. `by` empty: slatrack itself."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    before = models.CharField(max_length=12, blank=True, help_text="empty: it did not exist")
    after = models.CharField(max_length=12)
    until = models.DateTimeField(null=True)
    why = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]


class Alert(models.Model):
    """Something a person should know of one event: one rung of its ladder, decided once.

    The Flip that it stands for has its journey, deadline, version, `at`, and `recorded_at` as
    `decided_at`.
    """

    journey = models.ForeignKey(Journey, models.CASCADE, related_name="alerts", **_BULK)
    incident = models.ForeignKey(
        Incident, models.SET_NULL, null=True, related_name="alerts", **_BULK
    )
    deadline = models.CharField(max_length=200, blank=True)
    version = models.PositiveIntegerField()
    rung = models.CharField(max_length=12, choices=RUNGS)
    warning = models.PositiveSmallIntegerField(default=0, help_text="which warning, from 1")
    severity = models.CharField(max_length=20)
    step = models.CharField(max_length=100, blank=True)
    at = models.DateTimeField(help_text="the instant that it speaks of")
    due_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(help_text="when the flip was recorded")
    late = models.BooleanField(help_text="decided well after the instant it speaks of")
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["journey", "deadline", "version", "rung", "warning"],
                name="one_alert_per_rung",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["incident", "journey"], name="alert_events"),
        ]

    def __str__(self) -> str:
        return f"{self.rung} {self.deadline}"
