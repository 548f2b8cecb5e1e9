"""Closures at rest: days that operators have closed, beside those that calendars know."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models


class Closure(models.Model):
    """One unscheduled closed day of one calendar. Withdrawn, never deleted: it judged deadlines."""

    calendar = models.CharField(max_length=20)
    day = models.DateField()
    reason = models.CharField(max_length=200)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    withdrawn_why = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["calendar", "day"],
                condition=models.Q(withdrawn_at=None),
                name="one_closure_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.calendar} {self.day}: {self.reason}"
