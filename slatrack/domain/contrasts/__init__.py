"""Contrasts: how two cohorts of events differ, e.g. the late ones from the rest."""

from slatrack.domain.contrasts.properties import Property, PropertyKind, properties
from slatrack.domain.contrasts.ranking import Contrast, Described, Finding, contrast
from slatrack.domain.contrasts.timing import LegShift, journey_legs, leg_shifts, leg_times

__all__ = [
    "Contrast",
    "Described",
    "Finding",
    "LegShift",
    "Property",
    "PropertyKind",
    "contrast",
    "journey_legs",
    "leg_shifts",
    "leg_times",
    "properties",
]
