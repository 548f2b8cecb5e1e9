"""Forecasts at rest: what is remembered of past events, what was forecast, what came of it."""

from typing import Any, ClassVar

from django.db import models


class FlowHistory(models.Model):
    """How far the finished events of a flow are remembered, and some that are still on their way.

    `on_way` is packed (slatrack.tracking.histories), written anew at each look.
    """

    flow = models.OneToOneField("tracking.Flow", models.CASCADE, primary_key=True)
    learnt_to = models.DateTimeField(
        help_text="what ended until then is remembered, or passed over"
    )
    on_way = models.BinaryField()
    delay_seconds = models.FloatField(help_text="after its end, until most of an event is known")
    changed_at = models.DateTimeField()


class HourHistory(models.Model):
    """The newest finished events of a flow that began in one hour of the day, packed."""

    flow = models.ForeignKey("tracking.Flow", models.CASCADE, related_name="+")
    hour = models.PositiveSmallIntegerField(help_text="of day, UTC")
    events = models.BinaryField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["flow", "hour"], name="one_history_an_hour"),
        ]


class Outlook(models.Model):
    """What is to be expected of all events in flight that wait for one deadline: who will be late.

    `stopped_at` is when the last event arrived, where so many have not come since that chance
    cannot explain it.
    """

    flow = models.ForeignKey("tracking.Flow", models.CASCADE, related_name="+")
    deadline = models.CharField(max_length=200)
    until = models.CharField(max_length=100)
    at = models.DateTimeField()
    read_to = models.DateTimeField(help_text="how far telemetry was read")
    events = models.PositiveIntegerField(help_text="past events known; too few: no forecast")
    waiting = models.PositiveIntegerField(help_text="events in flight that wait for it")
    misses = models.FloatField(help_text="how many of them will miss, by probability")
    first_due_at = models.DateTimeField(null=True, help_text="of those that are likely to miss")
    last_due_at = models.DateTimeField(null=True)
    pace = models.FloatField(help_text="arrivals at present, 1 being as history has it")
    observed = models.PositiveIntegerField()
    expected = models.FloatField()
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["flow", "deadline"], name="one_outlook_each"),
        ]


class Forecast(models.Model):
    """What was forecast of one deadline of one event, if it is or was at risk, or is followed.

    Those that are followed (`sampled`) keep score: what was said at some fractions of the allowed
    time, and when which way of calling called it at risk.
    """

    class Outcome(models.TextChoices):
        OPEN = "", "open"
        MET = "met"
        MISSED = "missed"

    journey = models.ForeignKey("tracking.Journey", models.CASCADE, related_name="forecasts")
    flow = models.ForeignKey("tracking.Flow", models.CASCADE, related_name="+")
    deadline = models.CharField(max_length=200)
    version = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    sampled = models.BooleanField()
    at_risk = models.BooleanField(help_text="now")
    at_risk_at = models.DateTimeField(null=True, help_text="when it first was")
    mean_at = models.DateTimeField(null=True, help_text="when the mean would have called it")
    said = models.JSONField(default=list, help_text="[fraction of the allowed time, probability]")
    outcome = models.CharField(max_length=6, choices=Outcome.choices, default="", blank=True)
    reached_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["journey", "deadline", "version"], name="one_forecast_each"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["journey"], name="forecast_at_risk", condition=models.Q(at_risk=True)
            ),
            models.Index(fields=["id"], name="forecast_open", condition=models.Q(outcome="")),
            models.Index(fields=["flow", "-settled_at"], name="forecast_settled"),
        ]
