"""Where alerts go, and which alerts go where."""

from typing import ClassVar

from django.db import models

from slatrack.tracking.models import Flow


class Channel(models.Model):
    """A way to reach people or programs.

    `config` by kind: e-mail {to: [address], sender?, host?, port?, user?, security?} where security
    is none, starttls or tls; webhook {url, timeout_s?}. `secret` (signing secret or SMTP password)
    is never shown again.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", "e-mail"
        WEBHOOK = "webhook", "webhook"

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    config = models.JSONField(default=dict)
    secret = models.CharField(max_length=500, blank=True)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    last_success_at = models.DateTimeField(null=True)
    last_failure_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="in a row")
    paused_at = models.DateTimeField(null=True)
    paused_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


class Route(models.Model):
    """Which news goes to which channels; an empty matcher matches all.

    Where no enabled route matches, news goes to every enabled channel: nothing is lost in a gap.
    """

    name = models.CharField(max_length=100, unique=True)
    enabled = models.BooleanField(default=True)
    flow = models.ForeignKey(Flow, models.CASCADE, null=True, related_name="routes")
    severities = models.JSONField(default=list)
    rungs = models.JSONField(default=list)
    channels = models.ManyToManyField(Channel, related_name="routes")

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name
