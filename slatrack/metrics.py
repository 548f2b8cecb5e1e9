"""Every metric that slatrack counts in its processes, with its meaning.

Figures that come from the database (lag, watermark, what is parked, in flight, undelivered) are in
slatrack.operations.gauges: they are the same whichever process is asked.
"""

import logging
from collections.abc import Mapping
from datetime import datetime

from prometheus_client import Counter, Histogram, start_http_server

logger = logging.getLogger(__name__)

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

SPANS = Counter(
    "slatrack_spans",
    "Spans committed to the database; `outcome` is new or duplicate",
    ["outcome"],
)
JOURNEYS = Counter("slatrack_journeys_updated", "Journeys that committed spans changed")
FLIPS = Counter("slatrack_flips", "Changes of a verdict or status that committed spans caused")
RECORDING = Histogram(
    "slatrack_recording_seconds", "How long one batch of spans took to commit", buckets=SECONDS
)
DELAY = Histogram(
    "slatrack_span_delay_seconds",
    "How long before its batch was recorded the newest span of the batch had ended",
    buckets=SECONDS,
)
SET_ASIDE = Counter(
    "slatrack_set_aside", "Records and spans that could not be read and were kept", ["source"]
)
LOGS = Counter(
    "slatrack_log_records",
    "Log records received; `outcome` is new, duplicate, untraced (names no trace), beyond (its "
    "trace has as many as are kept) or unwanted (none are kept)",
    ["outcome"],
)
SETTLED = Counter("slatrack_journeys_settled", "Journeys whose instant came and that were judged")
LATENESS = Histogram(
    "slatrack_watcher_late_seconds",
    "How long after its instant the longest-waiting journey of a look was judged",
    buckets=SECONDS,
)


FORECASTING = Histogram(
    "slatrack_forecasting_seconds",
    "How long one look at all deadlines of events in flight took",
    buckets=SECONDS,
)


def count_recorded(*, new: int, duplicates: int, journeys: int, flips: int, seconds: float) -> None:
    """Count a batch of spans, once it is committed."""
    SPANS.labels("new").inc(new)
    SPANS.labels("duplicate").inc(duplicates)
    JOURNEYS.inc(journeys)
    FLIPS.inc(flips)
    RECORDING.observe(seconds)


def count_logs(outcomes: Mapping[str, int]) -> None:
    """Count log records by outcome, once what became of them is committed."""
    for outcome, number in outcomes.items():
        if number:
            LOGS.labels(outcome).inc(number)


def count_settled(journeys: int, *, oldest: datetime | None, now: datetime) -> None:
    """Count a look of the watcher; `oldest` is the first instant that it found to have come."""
    SETTLED.inc(journeys)
    if oldest:
        LATENESS.observe((now - oldest).total_seconds())


def serve(host: str, port: int) -> None:
    """Answer /metrics at a port of its own, for a process without pages; 0 means: do not."""
    if port:
        start_http_server(port, addr=host)
        logger.info("metrics are served", extra={"host": host, "port": port})
