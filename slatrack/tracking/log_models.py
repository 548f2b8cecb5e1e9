"""Log records at rest: blocks of them, and in which block those of a trace are."""

from typing import ClassVar

from django.db import models


class LogBlock(models.Model):
    """Log records as received, packed and compressed; LogPlace rows point here."""

    created_at = models.DateTimeField(db_index=True)
    logs = models.PositiveIntegerField()
    sifted = models.BooleanField(
        default=False, help_text="log records of traces that are no event's have been taken out"
    )
    data = models.BinaryField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["created_at"], name="log_block_unsifted", condition=models.Q(sifted=False)
            ),
        ]


class LogPlace(models.Model):
    """That a block holds log records of a trace, and which: 8 bytes of digest each.

    Rows are inserted and deleted with their block, never changed: writers need no locks. The
    digests tell what is known already, so that what is sent twice is kept once.
    """

    trace = models.UUIDField(db_index=True, help_text="the trace id")
    block = models.ForeignKey(LogBlock, models.DO_NOTHING, related_name="places")
    digests = models.BinaryField()
