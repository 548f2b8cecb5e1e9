"""Where spans come from, at rest: how far each source is read, who was heard, what was left."""

from typing import Any, ClassVar

from django.db import models


class Source(models.Model):
    """A place that spans are read from: a Kafka partition, or a replay under way.

    `next_offset` is the offset to read next; it moves in the transaction that stores the spans.
    `epoch` grows with each change of owner: only the owner of the current epoch may write.
    `watermark_at` is how far in event time it has been read.
    """

    name = models.CharField(max_length=300, unique=True)
    topic = models.CharField(max_length=249, blank=True)
    partition = models.IntegerField(default=-1)
    group = models.CharField(max_length=200, blank=True)
    owner = models.CharField(max_length=200, blank=True)
    epoch = models.PositiveBigIntegerField(default=0)
    next_offset = models.BigIntegerField(null=True)
    lag = models.BigIntegerField(null=True, help_text="records not yet read")
    watermark_at = models.DateTimeField(null=True)
    alive_at = models.DateTimeField(help_text="last sign of its owner")

    def __str__(self) -> str:
        return self.name


class HeardService(models.Model):
    """A service that spans came from, and when in event time the newest of them ended."""

    name = models.CharField(max_length=300, primary_key=True)
    last_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["last_at"], name="heard_service_last"),
        ]

    def __str__(self) -> str:
        return self.name


class Speaker(models.Model):
    """A service that spans of came by a topic. `last_at` is when that was noted last."""

    service = models.CharField(max_length=300)
    topic = models.CharField(max_length=249)
    last_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["service", "topic"], name="one_speaker_each"),
        ]

    def __str__(self) -> str:
        return f"{self.service} on {self.topic}"


class TopicRead(models.Model):
    """How often a topic was found read to its end, at most once a minute."""

    topic = models.CharField(max_length=249, primary_key=True)
    looks = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(help_text="when it was so last")

    def __str__(self) -> str:
        return self.topic


class FlowFeed(models.Model):
    """What is known of where a flow's spans come from (slatrack.tracking.feeds).

    `events` is how many whole events were looked at since its document changed last. `services` are
    those in their traces; a service is kept while it is found, and long after.
    """

    flow = models.OneToOneField("tracking.Flow", models.CASCADE, related_name="feed")
    version = models.PositiveIntegerField(help_text="of the document that it was learnt by")
    events = models.PositiveIntegerField(default=0)
    services = models.JSONField(default=dict, help_text="by name when it was found last, seconds")
    whole = models.BooleanField(default=True, help_text="false: too many services to keep")
    learnt_to = models.DateTimeField(help_text="the end of the last event that was looked at")

    def __str__(self) -> str:
        return f"feed of flow {self.flow_id}"


class SetAside(models.Model):
    """A record or span that could not be read, kept with its bytes so that it can be replayed."""

    source = models.CharField(max_length=50, help_text="kafka, http, grpc, file")
    topic = models.CharField(max_length=249, blank=True)
    partition = models.IntegerField(null=True)
    offset = models.BigIntegerField(null=True)
    encoding = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=500)
    size = models.PositiveBigIntegerField(help_text="bytes")
    data = models.BinaryField()
    at = models.DateTimeField()
    replayed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["topic", "partition", "offset", "reason"],
                condition=models.Q(offset__isnull=False),
                name="one_set_aside_per_record",
            ),
        ]
