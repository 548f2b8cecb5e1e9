"""Records that Kafka deleted before they were read: counted, for the alarm and the pages."""

import logging

from consumers.intake import DATABASE_AWAY
from slatrack.tracking import housekeeping
from slatrack.tracking.housekeeping import LOST_TO_RETENTION

logger = logging.getLogger(__name__)


def count_lost(number: int) -> None:
    """Add to the count; where the database is away, only the log has it."""
    try:
        housekeeping.count(LOST_TO_RETENTION, number)
    except DATABASE_AWAY as exc:
        logger.warning("%s more %s: not counted: %s", number, LOST_TO_RETENTION, exc)
