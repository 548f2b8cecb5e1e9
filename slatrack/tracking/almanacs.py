"""Almanacs: which calendars, closures and time zones a due time was worked out with.

A row per state, not per verdict: deadlines name it by a number that is made of its versions, so
that no writer has to ask for it, and none is lost with a transaction that fails.
"""

from collections.abc import Iterable
from hashlib import blake2b

from slatrack.domain.calendars import Calendars
from slatrack.domain.zones import zone_version
from slatrack.tracking.almanac_models import Almanac


def number(calendars: Calendars) -> int:
    """Return the id of the almanac of some calendars and the time zones that are installed."""
    text = f"{calendars.version} {zone_version()}"
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big") >> 1


def keep(calendars: Calendars) -> int:
    """See to it that the almanac of some calendars is on record; return its id. Safe to repeat."""
    fresh = _almanac(calendars)
    fields = {"calendars": fresh.calendars, "zones": fresh.zones, "closures": fresh.closures}
    Almanac.objects.get_or_create(id=fresh.pk, defaults=fields)
    return fresh.pk


def named(numbers: Iterable[int | None]) -> dict[int, Almanac]:
    """Return some almanacs by id; the one without closures needs no row."""
    plain = _almanac(Calendars.shipped())
    wanted = {one for one in numbers if one is not None} - {plain.pk}
    found = Almanac.objects.filter(id__in=wanted) if wanted else ()
    return {row.pk: row for row in [plain, *found]}


def _almanac(calendars: Calendars) -> Almanac:
    closed = [
        [code, day.isoformat(), why]
        for code, days in sorted(calendars.closures.items())
        for day, why in sorted(days.items())
    ]
    return Almanac(
        id=number(calendars), calendars=calendars.version, zones=zone_version(), closures=closed
    )
