"""Families at rest: which event is a part of which, and what is to be counted again."""

from typing import ClassVar

from django.db import models

from slatrack.domain.states import Status


class Child(models.Model):
    """What one event tells the event that it is a part of: a narrow row, to be counted by.

    The parent may not be known yet, so `parent` is its id and no more.
    """

    journey = models.OneToOneField(
        "tracking.Journey", models.CASCADE, primary_key=True, related_name="as_child"
    )
    parent = models.UUIDField(help_text="the journey that it is a part of")
    status = models.CharField(max_length=9, choices=[(s.value, s.value) for s in Status])
    ended_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(help_text="the last sign of it")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["parent", "status"], name="child_of_parent"),
        ]


class Recount(models.Model):
    """An event whose children are to be counted again. Only ever inserted, and deleted when done.

    So writers of ten thousand children do not wait for each other at one parent's row.
    """

    parent = models.UUIDField()
