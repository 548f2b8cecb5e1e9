"""What the page of two cohorts says: shares, and instants for its fields. `{% load contrast %}`."""

from datetime import datetime

from django import template
from django.utils import timezone

from dashboards.contrast_words import share

register = template.Library()


@register.filter
def as_share(value: float | None) -> str:
    """Return a share as per cent; "–" for none."""
    return share(value)


@register.filter
def local_input(at: datetime | None) -> str:
    """Return an instant as a field for local times holds it."""
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M") if at else ""
