"""What the pages of flows say: shares, and addresses with one part of the query changed."""

import math
from typing import Any

from django import template
from django.http import HttpRequest

register = template.Library()


@register.filter
def share(part: float | None) -> str:
    """Return a share as "99.91 %"; never rounded up to 100 % while something is missing."""
    if part is None:
        return "–"
    percent = part * 100
    if percent in (0, 100):
        return f"{percent:.0f} %"
    return f"{min(math.floor(percent * 100) / 100, 99.99):.2f} %"


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: Any) -> str:
    """Return the query string with some parts changed; an empty value takes a part out."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value not in (None, ""):
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else "?"
