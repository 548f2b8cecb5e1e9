"""Terms at rest: what deadlines of many events have in common, kept once."""

from django.db import models


class Terms(models.Model):
    """The terms of the deadlines that one event has kept: theirs is what differs from it.

    `id` is made of them, so whoever works with the same ones finds the same row, and an id never
    means others. Never changed nor deleted: journeys name it (Journey.kept_terms).
    """

    id = models.BigIntegerField(primary_key=True)
    deadlines = models.JSONField(
        help_text="of each: name, version, severity, strict, seconds of grace"
    )

    def __str__(self) -> str:
        return ", ".join(f"{name} v{version}" for name, version, *_ in self.deadlines)
