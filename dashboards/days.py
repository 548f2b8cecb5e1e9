"""Days as people count them: from midnight in the zone that the reader has chosen."""

from datetime import datetime

from django.utils import timezone


def day_began(now: datetime) -> datetime:
    """Return the last midnight before `now` in the reader's time zone."""
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
