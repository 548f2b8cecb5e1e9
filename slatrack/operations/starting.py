"""Refuse to start with settings that cannot work, as `manage.py` does itself."""

import logging
import sys

from django.core.checks import ERROR, run_checks

logger = logging.getLogger(__name__)


def refuse_unworkable() -> None:
    """End the process with every error that the system checks find; log their warnings."""
    found = run_checks()
    for message in found:
        if message.level < ERROR:
            logger.warning("%s %s (%s)", message.msg, message.hint, message.id)
    errors = [f"  {one.msg} {one.hint or ''} ({one.id})" for one in found if one.level >= ERROR]
    if errors:
        sys.exit("\n".join(["slatrack cannot start:", *errors]))
