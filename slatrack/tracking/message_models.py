"""Messages by which traces find each other, and what traces have to tell."""

from typing import ClassVar

from django.db import models


class MessageBlock(models.Model):
    """Who wrote or read some messages that lie close together in a topic: insert-only, expires.

    `entries` is packed (slatrack.tracking.messages); rows of one `bucket` are compared.
    """

    bucket = models.BigIntegerField(help_text="a hash of topic, partition and a range of offsets")
    entries = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["bucket"], name="message_bucket"),
            models.Index(fields=["created_at"], name="message_parked"),
        ]


class Errand(models.Model):
    """Traces that have something to tell to others, and messages to look up: a queue.

    Written with what changed, deleted with what it led to (slatrack.tracking.joining).
    """

    data = models.BinaryField()
    created_at = models.DateTimeField()
