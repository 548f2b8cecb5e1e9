"""Celery tasks by which pages ask for a replay."""

import logging

from django.utils import timezone

from consumers.intake import Unavailable
from consumers.replay import replay_set_aside
from slatrack.celery import app
from slatrack.otlp.decoding import Undecodable
from slatrack.tracking.models import SetAside

logger = logging.getLogger(__name__)


@app.task(name="consumers.replay_set_aside", autoretry_for=(Unavailable,), max_retries=5)  # type: ignore[untyped-decorator]
def replay(row_id: int) -> str:
    """Replay a record that was set aside; return what became of it. Twice does no harm."""
    row = SetAside.objects.filter(id=row_id).first()
    if row is None:
        return "it is gone"
    try:
        accepted = replay_set_aside(row, now=timezone.now())
    except Undecodable as exc:
        return f"still unreadable: {exc}"
    done = f"{accepted.spans} spans and {accepted.logs} log records recorded"
    return f"{done}; {accepted.message}" if accepted.rejected else done
