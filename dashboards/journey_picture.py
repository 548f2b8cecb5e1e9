"""The page of one journey as parts; the page and the sockets show the same."""

from datetime import datetime
from typing import Any

from django.template.loader import render_to_string

from dashboards.journey_data import JourneyData, look
from dashboards.journey_faults import faults
from dashboards.journey_history import history
from dashboards.journey_words import head
from dashboards.picture import Picture
from dashboards.step_stations import stations
from dashboards.usual import usual
from dashboards.way import way

PARTS = ("verdict", "stations", "way", "family", "faults", "touched", "happened", "deadlines")


def context(data: JourneyData, *, now: datetime, whole: bool = False) -> dict[str, Any]:
    """Return the variables of all parts."""
    return {
        "data": data,
        "row": data.row,
        "now": now,
        "head": head(data, usual(), now=now),
        "stations": stations(data),
        "way": way(data, now=now, whole=whole),
        "faults": faults(data.spans),
        **touched(data),
        "history": history(data),
        "deadlines": data.described["deadlines"],
        "whole": whole,
    }


def touched(data: JourneyData) -> dict[str, Any]:
    """Return the variables of the list of events that it touched."""
    names = {one["span_id"]: one["name"] for one in data.spans}
    found = data.described["references"]
    return {
        "row": data.row,
        "touched": [{**one, "by_name": names.get(one["by"], "")} for one in found],
        "touched_unknown": data.described["references_unknown"],
    }


def picture(flow: str, key: str, *, now: datetime, whole: bool = False) -> Picture:
    """Return the parts as HTML; nothing if there is no such journey (yet)."""
    data = look(flow, key, now=now)
    if data is None:
        return Picture()
    said = context(data, now=now, whole=whole)
    return Picture(
        parts={name: render_to_string(f"dashboards/_journey_{name}.html", said) for name in PARTS}
    )
