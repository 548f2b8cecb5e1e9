"""What discovery and drift found, and the work of matching parked spans again, at rest."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models


class Work(models.Model):
    """Something that takes a while: asked for, under way, done or failed."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING.value)
    asked_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    alive_at = models.DateTimeField(help_text="last sign of whoever carries it out")
    finished_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=500, blank=True, help_text="why it failed")

    class Meta:
        abstract = True


class Discovery(Work):
    """One look at parked spans for flows. `findings` is domain.discovery's Findings as JSON."""

    spans = models.PositiveIntegerField(default=0, help_text="that were looked at")
    traces = models.PositiveIntegerField(default=0)
    parked = models.PositiveIntegerField(default=0, help_text="traces that were there")
    since = models.DateTimeField(null=True, help_text="the first span looked at")
    until = models.DateTimeField(null=True, help_text="the last one")
    findings = models.JSONField(default=dict)


class Rematch(Work):
    """Parked spans matched again, because flows have changed since they came."""

    flow = models.CharField(max_length=100, blank=True, help_text="what changed; empty: any")
    since = models.DateTimeField(help_text="spans that came before are left as they are")
    total = models.PositiveIntegerField(default=0, help_text="parked traces")
    done = models.PositiveIntegerField(default=0)
    joined = models.PositiveIntegerField(default=0, help_text="traces that belong to events now")


class Drift(models.Model):
    """How the events of a flow differ from its document. `found` is domain.discovery's as JSON."""

    flow = models.OneToOneField("tracking.Flow", models.CASCADE, related_name="drift")
    at = models.DateTimeField()
    journeys = models.PositiveIntegerField(help_text="that were looked at")
    since = models.DateTimeField(null=True, help_text="the first of them")
    found = models.JSONField(default=list)


class DriftDismissal(models.Model):
    """A person's word that one difference is known and needs nothing."""

    flow = models.ForeignKey("tracking.Flow", models.CASCADE, related_name="drift_dismissals")
    ident = models.CharField(max_length=40)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["flow", "ident"], name="one_dismissal_each"),
        ]
