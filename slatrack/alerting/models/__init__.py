"""Alerts, the incidents they join, and how people are told, at rest."""

from slatrack.alerting.models.channels import Channel, Route
from slatrack.alerting.models.deliveries import Attempt, Delivery
from slatrack.alerting.models.incidents import Alert, Incident, IncidentChange
from slatrack.alerting.models.troubles import Trouble

__all__ = [
    "Alert",
    "Attempt",
    "Channel",
    "Delivery",
    "Incident",
    "IncidentChange",
    "Route",
    "Trouble",
]
