"""Flows, journeys, deadlines and spans at rest; the recorder and the watcher alone write them."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from slatrack.domain.states import Status, Verdict
from slatrack.tracking import (  # Django finds models from here
    discovery_models,  # noqa: F401
    log_models,  # noqa: F401
)
from slatrack.tracking.almanac_models import Almanac as Almanac
from slatrack.tracking.backtest_models import Backtest as Backtest
from slatrack.tracking.calendar_models import Closure as Closure
from slatrack.tracking.decisions import Decided
from slatrack.tracking.dictionary_models import Dictionary as Dictionary
from slatrack.tracking.draft_models import RuleDraft as RuleDraft
from slatrack.tracking.family_models import Child as Child
from slatrack.tracking.family_models import Recount as Recount
from slatrack.tracking.flip_models import BULK as _BULK
from slatrack.tracking.flip_models import Flip as Flip
from slatrack.tracking.flip_models import UnroutedFlip as UnroutedFlip
from slatrack.tracking.forecast_models import FlowHistory as FlowHistory
from slatrack.tracking.forecast_models import Forecast as Forecast
from slatrack.tracking.forecast_models import HourHistory as HourHistory
from slatrack.tracking.forecast_models import Outlook as Outlook
from slatrack.tracking.message_models import Errand as Errand
from slatrack.tracking.message_models import MessageBlock as MessageBlock
from slatrack.tracking.shadow_models import Shadow as Shadow
from slatrack.tracking.shadow_models import ShadowVerdict as ShadowVerdict
from slatrack.tracking.source_models import FlowFeed as FlowFeed
from slatrack.tracking.source_models import HeardService as HeardService
from slatrack.tracking.source_models import SetAside as SetAside
from slatrack.tracking.source_models import Source as Source
from slatrack.tracking.source_models import Speaker as Speaker
from slatrack.tracking.source_models import TopicRead as TopicRead
from slatrack.tracking.terms_models import Terms as Terms


class Flow(models.Model):
    """A kind of event and its usual way, as its document says."""

    name = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    document = models.TextField(help_text="the flow document, YAML")
    version = models.PositiveIntegerField(default=1)
    enabled = models.BooleanField(default=True)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class FlowVersion(models.Model):
    """One state of a flow document: who changed it, when, why."""

    flow = models.ForeignKey(Flow, models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    document = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    why = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["flow", "version"], name="one_document_per_version"),
        ]


class RuleVersion(models.Model):
    """One version of a deadline of a flow, for events that start from `effective_from` on.

    `document` is its whole entry in the flow document: rule, until, when, severity, grace.
    A version without `effective_from` holds for every earlier event.
    """

    flow = models.ForeignKey(Flow, models.CASCADE, related_name="rules")
    name = models.CharField(max_length=200)
    version = models.PositiveIntegerField()
    document = models.JSONField()
    effective_from = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    why = models.CharField(max_length=500, blank=True)
    recomputed_at = models.DateTimeField(null=True, help_text="since when it judges open events")
    recomputed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["flow", "name", "version"], name="one_rule_per_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class SpanBlock(models.Model):
    """Spans as received, packed and compressed; traces point here."""

    created_at = models.DateTimeField()
    bound = models.BooleanField(help_text="belongs to journeys; parked otherwise")
    spans = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["created_at"], name="block_parked", condition=models.Q(bound=False)
            ),
        ]


class Trace(models.Model):
    """What is known of one trace: a fact per span (slatrack.domain.traces), packed."""

    id = models.UUIDField(primary_key=True, help_text="the trace id")
    state = models.BinaryField()
    bound = models.BooleanField(help_text="some span of it carries an event key")
    spans = models.PositiveIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["created_at"], name="trace_parked", condition=models.Q(bound=False)
            ),
        ]


class Journey(models.Model):
    """One event's way through one flow.

    `id` is made of flow and key (domain.journeys.journey_id), so every writer finds the same row.
    `parts` is what each trace contributes, packed; all else is folded from it.
    """

    id = models.UUIDField(primary_key=True)
    flow = models.ForeignKey(Flow, models.CASCADE, related_name="journeys", **_BULK)
    key = models.CharField(max_length=500)
    status = models.CharField(max_length=9, choices=[(s.value, s.value) for s in Status])
    verdict = models.CharField(max_length=7, help_text="the worst of its deadlines; empty: none")
    complete = models.BooleanField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    step = models.CharField(max_length=100, help_text="the last step reached")
    step_at = models.DateTimeField(help_text="since when it is there")
    working = models.BooleanField(help_text="inside that step; waiting after it otherwise")
    error = models.BooleanField()
    due_at = models.DateTimeField(null=True, help_text="the next open deadline, else the last")
    warn_at = models.DateTimeField(null=True, help_text="its first warning")
    deadline = models.CharField(max_length=200, help_text="the name of that deadline")
    next_at = models.DateTimeField(null=True, help_text="when the watcher must look again")
    silent_at = models.DateTimeField(null=True, help_text="when silence can change its status")
    judged_by = models.IntegerField(default=0, help_text="by which rules: Flows.stamps")
    told = models.CharField(max_length=9, help_text="the bad status last told; empty: none")
    flip_count = models.PositiveIntegerField(help_text="how many flips its status has had")
    spans = models.PositiveIntegerField()
    attributes = models.JSONField(default=dict)
    parts = models.BinaryField()
    children = models.JSONField(null=True, help_text="its children by status; null: none known")
    kept_terms = models.BigIntegerField(
        null=True, help_text="the Terms of the deadlines that were kept; null: none"
    )
    kept = models.BinaryField(null=True, help_text="what differs in these, packed")
    shown: Decided | None = None  # the one of its deadlines that `deadline` names, once read
    changed_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(  # for the watcher: whose next instant has come?
                fields=["next_at"], name="journey_next", condition=models.Q(next_at__isnull=False)
            ),
            models.Index(  # and of the flows that are not behind, while others are?
                fields=["flow", "next_at"],
                name="journey_next_of_flow",
                condition=models.Q(next_at__isnull=False),
            ),
            models.Index(  # for the board: in flight, sorted by time left
                fields=["due_at"], name="journey_in_flight", condition=models.Q(ended_at=None)
            ),
            models.Index(fields=["flow", "started_at"], name="journey_by_start"),
            models.Index(  # for "just done" and counts of today
                fields=["ended_at"], name="journey_ended", condition=~models.Q(ended_at=None)
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Deadline(models.Model):
    """One rule applied to one journey; the recorder and the watcher alone change its verdict.

    One that was kept, met in time with nothing else told of it, is no row: its journey tells it
    (kept_deadlines). Whoever wants all of a journey's reads them by `deadline_rows`.
    """

    journey = models.ForeignKey(Journey, models.CASCADE, related_name="deadlines", **_BULK)
    name = models.CharField(max_length=200)
    version = models.PositiveIntegerField()
    severity = models.CharField(max_length=20)
    started_at = models.DateTimeField(null=True, help_text="when its clock started")
    due_at = models.DateTimeField(null=True)
    strict = models.BooleanField(help_text="on time means before, not at, due_at")
    grace_seconds = models.FloatField()
    warnings = models.JSONField(help_text="instants, RFC 3339")
    warned = models.PositiveSmallIntegerField(help_text="warnings told so far")
    verdict = models.CharField(max_length=7, choices=[(v.value, v.value) for v in Verdict])
    reached_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    watermark = models.DateTimeField(null=True, help_text="telemetry read when it was decided")
    flip_count = models.PositiveIntegerField(help_text="how many flips it has had")
    almanac = models.IntegerField(null=True, help_text="the Almanac that due_at was worked out by")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["journey", "name"], name="one_deadline_each"),
        ]

    def __str__(self) -> str:
        return self.name


class Tally(models.Model):
    """A count that outlives the processes, e.g. parked spans that expired."""

    name = models.CharField(max_length=100, primary_key=True)
    count = models.BigIntegerField(default=0)
