"""Drafts at rest: deadlines that somebody is still writing. They judge nothing."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models


class RuleDraft(models.Model):
    """What a deadline of a flow may become; `document` is its entry in the flow document."""

    flow = models.ForeignKey("tracking.Flow", models.CASCADE, related_name="drafts")
    name = models.CharField(max_length=200)
    document = models.JSONField()
    effective_from = models.DateTimeField(null=True)
    why = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["flow", "name"], name="one_draft_per_deadline"),
        ]

    def __str__(self) -> str:
        return f"draft of {self.name}"
