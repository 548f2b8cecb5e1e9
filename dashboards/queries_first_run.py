"""What a new installation still lacks: a checklist that ticks itself."""

from dataclasses import dataclass

from slatrack.alerting.models import Channel
from slatrack.tracking.models import (
    Deadline,
    Flow,
    Journey,
    RuleVersion,
    SetAside,
    SpanBlock,
    Terms,
)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to do; `seen` says what was found once it is done, `todo` what to do until then."""

    name: str
    title: str
    done: bool
    seen: str
    todo: str


def checklist() -> list[Check]:
    """Return the steps to a working installation, in order."""
    spans, flows = SpanBlock.objects.exists(), Flow.objects.exists()
    journeys, rules = Journey.objects.exists(), RuleVersion.objects.exists()
    aside = SetAside.objects.count()
    why = f" {aside} records were set aside: look at their reasons." if aside else ""
    unmatched = " Spans arrive, but none has an event key of a flow." if spans and flows else ""
    return [
        Check("spans", "Spans arrive", spans, "Spans have been received.",
              f"Send spans to this installation, as shown below.{why}"),
        Check("flow", "A flow says what an event is", flows, "There is a flow.",
              "Have one proposed from the spans that came, or describe it yourself."),
        Check("journey", "The first event is followed", journeys, "Events are being followed.",
              f"Waits for spans that match a flow.{unmatched}"),
        Check("deadline", "A deadline is set", rules, _judged(),
              "Add one to the flow: how long an event may take, and when to warn."),
        Check("channel", "Somebody is told", Channel.objects.filter(enabled=True).exists(),
              "There is a channel; its Test button proves it.", "Add e-mail or a webhook."),
    ]  # fmt: skip


def _judged() -> str:
    judged = Deadline.objects.exists() or Terms.objects.exists()
    return "Deadlines are being judged." if judged else "There is a rule; no event has it yet."
