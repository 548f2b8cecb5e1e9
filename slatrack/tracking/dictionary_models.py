"""Dictionaries at rest: what many rows have in common, kept once."""

from typing import Any, ClassVar

from django.db import models


class Kind(models.TextChoices):
    """What a dictionary was made from, and is used for."""

    STATE = "state"  # Trace.state
    PARTS = "parts"  # Journey.parts
    SPANS = "spans"  # SpanBlock.data


class Dictionary(models.Model):
    """A zstd dictionary. Never changed nor deleted: rows that name it cannot be read without it.

    zstd makes the id from the bytes, so that one id never means two dictionaries. Of each kind the
    one with the highest number is used for writing.
    """

    id = models.IntegerField(primary_key=True, help_text="as zstd frames name it")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    number = models.PositiveIntegerField(help_text="1 for the first of its kind")
    data = models.BinaryField()
    created_at = models.DateTimeField()
    tried_at = models.DateTimeField(help_text="when a new one was last compared with it")

    class Meta:
        constraints: ClassVar[list[Any]] = [  # of two that train at once, one wins
            models.UniqueConstraint(fields=["kind", "number"], name="one_dictionary_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"
