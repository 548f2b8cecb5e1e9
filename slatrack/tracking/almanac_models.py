"""Almanacs at rest: with which calendars, closures and time zones due times were worked out."""

from django.db import models


class Almanac(models.Model):
    """One state of all that due times depend on beside their rule and their event.

    Deadlines and flips name it by `id`, which is made of the two versions: whoever works with the
    same ones finds the same row.
    """

    id = models.IntegerField(primary_key=True)
    calendars = models.CharField(max_length=60, help_text="version, closures included")
    zones = models.CharField(max_length=60, help_text="version of tzdata")
    closures = models.JSONField(help_text="days closed by operators: calendar, day, reason")

    def __str__(self) -> str:
        return f"calendars {self.calendars}, time zones {self.zones}"
