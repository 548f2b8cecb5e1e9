"""Journals: what the demo's services write while they work, as OTLP log records.

Each record carries the trace context that is current, as any logging instrumentation does it.
"""

import time

from opentelemetry import context
from opentelemetry._logs import Logger, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

from slatrack.demo.tracing import SCHEDULE_MS, resource

Value = str | int | float


class Journal:
    """What one service writes."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger

    def info(self, text: str, *, at: Context | None = None, **attributes: Value) -> None:
        """Write what went as usual; `at` is the trace context, the current one by default."""
        self._write(SeverityNumber.INFO, text, at, attributes)

    def warn(self, text: str, *, at: Context | None = None, **attributes: Value) -> None:
        """Write what somebody should know."""
        self._write(SeverityNumber.WARN, text, at, attributes)

    def error(
        self, text: str, error: Exception, *, at: Context | None = None, **attributes: Value
    ) -> None:
        """Write what failed, with its exception."""
        self._write(SeverityNumber.ERROR, text, at, attributes, error)

    def _write(
        self,
        severity: SeverityNumber,
        text: str,
        at: Context | None,
        attributes: dict[str, Value],
        error: Exception | None = None,
    ) -> None:
        self._logger.emit(
            timestamp=time.time_ns(),
            context=at or context.get_current(),
            severity_number=severity,
            severity_text=severity.name,
            body=text,
            attributes={name.replace("_", "."): value for name, value in attributes.items()},
            exception=error,
        )


def provider(service: str, collector: str) -> LoggerProvider:
    """Return the logger provider of one service; `collector` is the URL of its OTLP/HTTP door."""
    logging = LoggerProvider(resource=resource(service), shutdown_on_exit=False)
    exporter = OTLPLogExporter(endpoint=f"{collector}/v1/logs", timeout=2)
    logging.add_log_record_processor(
        BatchLogRecordProcessor(exporter, schedule_delay_millis=SCHEDULE_MS)
    )
    return logging
