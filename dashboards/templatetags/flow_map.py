"""What the templates of a flow's map say."""

from datetime import timedelta

from django import template

from dashboards import flow_map_words
from dashboards.flow_map import LegNow, StepNow
from dashboards.flow_map_names import width
from dashboards.queries_leg_times import Times
from dashboards.templatetags.board import short

register = template.Library()

ROOM = 14.5  # letters


@register.filter
def sentence(one: StepNow | LegNow) -> str:
    """Return what the map says of a step or a leg."""
    if isinstance(one, StepNow):
        return flow_map_words.of_step(one)
    return flow_map_words.of_leg(one)


@register.filter
def not_well(step: StepNow) -> str:
    """Return what is not well with the events at a step, as far as there is room: "2 late"."""
    worst, *others = flow_map_words.standing(step) or ["stuck"]
    both = " · ".join([worst, *others[:1]])
    return both if width(both) <= ROOM else worst


@register.filter
def percent(share: float | None) -> str:
    """Return a share as "62 %", empty for none."""
    return "" if share is None else flow_map_words.percent(share)


@register.filter
def brief(times: Times) -> str:
    """Return median and p95 in little room: "3.4 ms – 13 ms"."""
    return f"{short_seconds(times.p50)} – {short_seconds(times.p95)}"


@register.filter
def short_seconds(seconds: float) -> str:
    """Return a length in words, from a minute on as a face."""
    return short(timedelta(seconds=seconds))
