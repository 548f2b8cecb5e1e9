"""Slatrack's own troubles: what keeps it from doing its job, since when, until when."""

from typing import Any, ClassVar

from django.db import models


class Trouble(models.Model):
    """One trouble from its beginning to its end; at most one of a kind is open.

    It counts as one, and is told, once a second look has found it: `told_at`.
    """

    class Kind(models.TextChoices):
        WATCHER = "watcher", "deadlines are not watched"
        TELEMETRY = "telemetry", "telemetry is not read, or late"
        LOST = "lost", "telemetry was lost"
        CALENDAR = "calendar", "a calendar ends"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    sentence = models.CharField(max_length=500, help_text="what is wrong, and what to look at")
    count = models.BigIntegerField(default=0, help_text="how much was lost, in all")
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="when a look found it last")
    told_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(ended_at=None), name="one_open_trouble_a_kind"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-began_at"], name="trouble_by_start"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} since {self.began_at:%F %T}"
