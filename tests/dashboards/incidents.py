"""Incident rows for tests of pages and the API."""

from typing import Any

from slatrack.alerting.models import Incident
from tests.factories import NOON, flow, minutes


def incident(**fields: Any) -> Incident:
    """Return an open incident of three events that miss their deadline after step routed."""
    values = {
        "flow": fields.get("flow") or flow(),
        "deadline": "report within 15 minutes",
        "step": "routed",
        "severity": "critical",
        "rung": "missed",
        "rank": 80,
        "events": 3,
        "open_events": 2,
        "opened_at": NOON,
        "first_at": NOON,
        "last_at": NOON + minutes(1),
        "earliest_due_at": NOON + minutes(5),
    }
    return Incident.objects.create(**{**values, **fields})
