"""What was set aside, and how its bytes look to a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import BinaryField, Count, QuerySet
from django.db.models.functions import Substr

from slatrack.tracking.models import SetAside

EXCERPT = 512  # bytes
WIDTH = 16


@dataclass(frozen=True, slots=True)
class HexLine:
    """Sixteen bytes: where they are, their values, their letters."""

    offset: str
    values: str
    letters: str


def set_aside(*, source: str = "", reason: str = "", open_only: bool = False) -> QuerySet[SetAside]:
    """Return records set aside, without their bytes."""
    rows = SetAside.objects.defer("data")
    if source:
        rows = rows.filter(source=source)
    if reason:
        rows = rows.filter(reason__icontains=reason)
    return rows.filter(replayed_at=None) if open_only else rows


def counts() -> dict[str, int]:
    """Return how many were set aside and how many of them still wait."""
    total = SetAside.objects.count()
    return {"all": total, "open": SetAside.objects.filter(replayed_at=None).count()}


def reasons(limit: int = 8) -> list[Mapping[str, Any]]:
    """Return the commonest reasons among those that still wait, with their counts."""
    rows = SetAside.objects.filter(replayed_at=None).values("reason")
    return list(rows.annotate(count=Count("id")).order_by("-count", "reason")[:limit])


def beginning(row: SetAside) -> bytes:
    """Return the first bytes of a record, without loading all of it."""
    part = Substr("data", 1, EXCERPT, output_field=BinaryField())
    found = SetAside.objects.filter(pk=row.pk).annotate(part=part).values_list("part", flat=True)
    return bytes(found[0])


def hex_lines(data: bytes) -> list[HexLine]:
    """Return `data` as a hex dump."""
    return [
        HexLine(
            f"{start:08x}",
            data[start : start + WIDTH].hex(" "),
            "".join(chr(b) if 32 <= b < 127 else "." for b in data[start : start + WIDTH]),
        )
        for start in range(0, len(data), WIDTH)
    ]
