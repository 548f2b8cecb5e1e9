"""Backtests at rest: a deadline tried over stored journeys, how far it is, what it came to."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class Backtest(models.Model):
    """One deadline tried over the events of a flow that started in [since, until).

    Whoever works on it holds `lease` until `leased_until`; the cursor and the tally say where
    another may go on.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        STOPPED = "stopped"
        FINISHED = "finished"
        FAILED = "failed"

    flow = models.ForeignKey("tracking.Flow", models.CASCADE, related_name="backtests")
    name = models.CharField(max_length=200, help_text="whose rule in force it is compared with")
    document = models.JSONField(help_text="the deadline as an entry of the flow document")
    since = models.DateTimeField()
    until = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(help_text="events are judged as of then")
    watermark = models.DateTimeField(help_text="how far telemetry had been read then")
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED.value)
    begun_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=500, blank=True, help_text="why it failed")
    total = models.PositiveIntegerField(null=True, help_text="events; null: not counted yet")
    done = models.PositiveIntegerField(default=0)
    last_start = models.DateTimeField(null=True, help_text="the start of the last event done")
    last_id = models.UUIDField(null=True, help_text="its journey")
    tally = models.JSONField(default=dict, help_text="domain.tallies.Tally")
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    lost = models.PositiveSmallIntegerField(default=0, help_text="workers that died over it")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(  # what is left to do
                fields=["id"],
                name="backtest_open",
                condition=models.Q(state__in=["queued", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} from {self.since} to {self.until}"

    @property
    def open(self) -> bool:
        """Whether it is still to be worked on."""
        return self.state in (self.State.QUEUED, self.State.RUNNING)
