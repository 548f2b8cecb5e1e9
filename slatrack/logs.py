"""How slatrack logs: lines for a person in a terminal, JSON lines for a machine.

A message says what happened and what it means; what it is about goes into `extra=`, which both
forms show. Times are UTC.
"""

import json
import logging
from datetime import UTC, datetime
from typing import Any

STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
NOISY = ("confluent_kafka", "kombu", "amqp", "asyncio", "opentelemetry", "urllib3", "httpx")


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, what `extra` gave, traceback."""

    def __init__(self, *, environment: str = "") -> None:
        super().__init__()
        self.environment = environment

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            "thread": record.threadName,
            **_extra(record),
        }
        if self.environment:
            entry["environment"] = self.environment
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


class Text(logging.Formatter):
    """One line for a person; a newline within a message cannot pass for another entry."""

    def __init__(self, **_: Any) -> None:
        super().__init__()

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%SZ")
        pairs = (f"{key}={value}" for key, value in _extra(record).items())
        said = " ".join((record.getMessage(), *pairs)).replace("\n", "\\n").replace("\r", "\\r")
        line = f"{at} {record.levelname:<7} {record.name}: {said}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in STANDARD}


def configuration(*, level: str, form: str, embedded: bool, environment: str) -> dict[str, Any]:
    """Return Django's LOGGING: everything to standard error, by one formatter."""
    lines = form == "json" or (form == "auto" and not embedded)
    formatter = {"()": JsonLines if lines else Text, "environment": environment}
    quiet = {name: {"level": "WARNING"} for name in NOISY}
    plain = {name: {"handlers": [], "propagate": True} for name in ("django", "uvicorn")}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"chosen": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "chosen"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            **plain,
            **quiet,
            "uvicorn.error": {"handlers": [], "propagate": True},
            "uvicorn.access": {"handlers": [], "propagate": True, "level": "WARNING"},
            "django.server": {"handlers": [], "propagate": True},
            "slatrack": {"level": level},
        },
    }
