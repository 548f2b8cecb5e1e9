"""The outbox: what is to be told through which channel, and every attempt to do so."""

from typing import Any, ClassVar

from django.db import models

from slatrack.alerting.models.channels import Channel
from slatrack.alerting.models.incidents import Alert, Incident


class Delivery(models.Model):
    """One piece of news for one channel; written in the transaction that decided it.

    `key` is the id that a receiver can deduplicate on: the same for every attempt and replay.
    A worker holds a delivery until `leased_until`; after that another may try.
    """

    class News(models.TextChoices):
        OPENED = "opened"
        WORSE = "worse"
        REOPENED = "reopened"
        RESUMED = "resumed", "acknowledgement or snooze ended"
        RESOLVED = "resolved"
        PAUSED = "paused", "a channel was paused"
        TROUBLE = "trouble", "slatrack itself is in trouble"
        RECOVERED = "recovered", "slatrack itself is well again"
        TEST = "test"

    class State(models.TextChoices):
        PENDING = "pending"
        SENT = "sent"
        FAILED = "failed"
        SUPERSEDED = "superseded"
        EXPIRED = "expired"

    key = models.CharField(max_length=64, unique=True)
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="deliveries")
    incident = models.ForeignKey(Incident, models.CASCADE, null=True, related_name="deliveries")
    telling = models.PositiveIntegerField(default=0, help_text="which telling of the incident")
    alert = models.ForeignKey(Alert, models.SET_NULL, null=True, related_name="deliveries")
    news = models.CharField(max_length=10, choices=News.choices)
    rung = models.CharField(max_length=12, blank=True)
    message = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default="pending")
    reason = models.CharField(max_length=500, blank=True, help_text="why it ended so")
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(help_text="when the flip behind it was recorded")
    next_attempt_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["incident", "telling", "channel"], name="one_delivery_per_telling"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(  # for the sweep: what is still to be sent?
                fields=["next_attempt_at"],
                name="delivery_pending",
                condition=models.Q(state="pending"),
            ),
            models.Index(fields=["channel", "-id"], name="delivery_log"),
            models.Index(fields=["delivered_at"], name="delivery_times"),
        ]

    def __str__(self) -> str:
        return f"{self.news} to {self.channel_id}"


class Attempt(models.Model):
    """One try to deliver: what was answered, verbatim but shortened, secrets masked."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="tries")
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    ok = models.BooleanField()
    status = models.CharField(max_length=20, blank=True, help_text="HTTP status or SMTP code")
    excerpt = models.TextField(blank=True, help_text="the reply, at most 2,000 characters")
    error = models.CharField(max_length=500, blank=True)
    duration_ms = models.PositiveIntegerField()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
