"""Links to other tools, for the page of a journey."""

from collections.abc import Mapping
from typing import Any

from django import template

from dashboards import outside
from slatrack.tracking.models import Journey

register = template.Library()


@register.inclusion_tag("dashboards/_outside_links.html")
def outside_links(
    row: Journey, described: Mapping[str, Any], span: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Show the links of the chosen span; without one, those of the journey's traces."""
    if span:
        return {"row": row, "span": span, "links": outside.span_links(row, span)}
    return {"row": row, "traces": outside.trace_links(row, described["traces"])}
