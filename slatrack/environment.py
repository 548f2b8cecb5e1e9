"""Every setting slatrack reads from the environment: typed, with its default and its meaning."""

import sys
from pathlib import Path
from typing import Literal, NoReturn, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from slatrack.domain.durations import parse_duration
from slatrack.domain.outside_links import LinkTemplate
from slatrack.otlp.namings import Naming
from slatrack.service_names import ServiceName

PREFIX = "SLATRACK_"
SCHEMES = {
    "database_url": ("postgresql", "postgres"),
    "redis_url": ("redis", "rediss"),
    "public_url": ("https", "http"),
    "traces_endpoint": ("https", "http"),
}


class Environment(BaseSettings):
    """Read from variables named SLATRACK_<FIELD>; an empty service address means: embedded."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", hide_input_in_errors=True)

    data_dir: Path = Field(Path("data"), description="Folder of the embedded database and caches")
    host: str = Field("127.0.0.1", description="Address the one-process server listens on")
    http_port: int = Field(8000, ge=1, le=65535, description="Port of pages, API and OTLP/HTTP")
    grpc_port: int = Field(4317, ge=1, le=65535, description="Port of the OTLP/gRPC receiver")
    debug: bool = Field(False, description="Django's debug pages; never in production")
    secret_key: str = Field("", description="Django's secret key; empty: made once in data_dir")
    allowed_hosts: str = Field("localhost,127.0.0.1,[::1]", description="Host names served")
    database_url: str = Field("", description="postgresql://…; empty: SQLite in data_dir")
    redis_url: str = Field("", description="redis://…; empty: channel layer and Celery in memory")
    kafka_brokers: str = Field("", description="bootstrap.servers; empty: embedded mock cluster")
    kafka_group: str = Field("slatrack", description="Consumer group")
    kafka_topics: str = Field(
        "otlp_spans", description="Topics of spans, comma-separated; topic:otlp_json to be exact"
    )
    kafka_log_topics: str = Field(
        "otlp_logs", description="Topics of log records, written as those of spans; empty: none"
    )
    kafka_options: dict[str, str | int | float | bool] = Field(
        {}, description="More librdkafka settings as JSON, e.g. for TLS and SASL"
    )
    kafka_batch_records: int = Field(
        600,
        ge=1,
        le=10000,
        description="Kafka records asked for at a time; more are recorded at once where there are "
        "more, up to 8 MB",
    )
    kafka_batch_seconds: float = Field(
        0.25, gt=0, le=10, description="How long a batch may wait for more records"
    )
    ingest_max_bytes: int = Field(
        64 * 1024 * 1024, ge=1024, description="Largest request of spans, decompressed, in bytes"
    )
    span_max_bytes: int = Field(
        64 * 1024, ge=4096, description="Most bytes kept of one span; the rest is cut, marked"
    )
    log_record_max_bytes: int = Field(
        16 * 1024, ge=1024, description="Most bytes kept of one log record; the rest is cut, marked"
    )
    logs_keep: Literal["events", "traces", "nothing"] = Field(
        "events",
        description="Log records kept: of events' traces, of all traces, or nothing; others count",
    )
    logs_kept_for: str = Field("PT168H", description="How long log records are kept")
    logs_per_trace: int = Field(
        2000, ge=1, le=100_000, description="Most log records kept of one trace"
    )
    service_names: tuple[ServiceName, ...] = Field(
        (), description="How your platforms name their jobs, as JSON; see ingest.md"
    )
    links: list[LinkTemplate] = Field(
        [], description="Links to other tools as JSON: name, on (trace, span or logs), url"
    )
    default_grace: str = Field(
        "PT0S", description="How long telemetry may lag before silence counts"
    )
    trouble_seconds: float = Field(
        30, gt=0, description="How long slatrack may be silent or behind before people are told"
    )
    calendar_notice_days: int = Field(
        180, ge=1, description="Days before a calendar in use ends at which people are told"
    )
    parked_for: str = Field("PT1H", description="How long a span waits for an identifier")
    dead_letters: str = Field(
        "*.DLQ,*-DLQ,*_DLQ,DLQ.*,DLQ-*,DLQ_*,*.DLT,*-DLT,*_DLT,*dead-letter*,*dead_letter*",
        description="Topics of dead letters, comma-separated globs in any case, of every flow"
        " that names none itself",
    )
    public_url: str = Field("", description="Address people open, for links in messages")
    alert_allowed_networks: str = Field(
        "", description="Networks, comma-separated, that channels may reach though not public"
    )
    smtp_host: str = Field("", description="Mail server for e-mail channels without their own")
    smtp_port: int = Field(25, ge=1, le=65535, description="Its port")
    smtp_security: Literal["none", "starttls", "tls"] = Field(
        "starttls", description="How it is encrypted: none, starttls or tls"
    )
    smtp_user: str = Field("", description="Its user; empty: no sign-in")
    smtp_password: str = Field("", description="Its password")
    mail_from: str = Field("slatrack@localhost", description="Sender of messages")
    ingest_tokens: str = Field(
        "", description="Tokens, comma-separated, one of which each sender of spans must show"
    )
    metrics_token: str = Field("", description="Bearer token of /metrics; empty: this machine only")
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port of metrics of processes without pages; 0: none"
    )
    database_pool: int = Field(
        10, ge=1, le=1000, description="Most PostgreSQL connections a process"
    )
    behind_proxy: bool = Field(
        False, description="Believe X-Forwarded-Proto and -For: a proxy of yours always sets them"
    )
    hsts_seconds: int = Field(
        31536000, ge=0, description="How long browsers insist on HTTPS, when public_url has it"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe messages that are logged"
    )
    log_format: Literal["auto", "text", "json"] = Field(
        "auto", description="auto: text when embedded, else JSON lines"
    )
    traces_endpoint: str = Field(
        "", description="OTLP/HTTP address of slatrack's own traces, never slatrack; empty: none"
    )
    traces_ratio: float = Field(0.05, ge=0, le=1, description="Share of own traces that is kept")
    demo: bool = Field(False, description="Show the demo's page; `manage.py demo` sets it itself")
    environment_name: str = Field("", description="Shown in logs and traces, e.g. staging")

    @property
    def embedded(self) -> bool:
        """Whether all runs in one process on SQLite, with no server to install."""
        return not self.database_url

    @property
    def https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def namings(self) -> tuple[Naming, ...]:
        """How services are named besides the usual ways."""
        return tuple(one.naming for one in self.service_names)

    @property
    def hosts(self) -> list[str]:
        """Host names served: those allowed, and the one that people open."""
        names = [name.strip() for name in self.allowed_hosts.split(",")]
        public = urlsplit(self.public_url).hostname
        return [name for name in dict.fromkeys([*names, public or ""]) if name]

    @field_validator("database_url", "redis_url", "public_url", "traces_endpoint")
    @classmethod
    def _known_scheme(cls, value: str, info: ValidationInfo) -> str:
        schemes = SCHEMES[str(info.field_name)]
        if value and not value.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"must start with {' or '.join(f'{s}://' for s in schemes)}")
        if value and not urlsplit(value).hostname and info.field_name != "database_url":
            raise ValueError("must name a host")
        return value

    @field_validator("default_grace", "parked_for", "logs_kept_for")
    @classmethod
    def _duration(cls, value: str) -> str:
        parse_duration(value)
        return value

    @classmethod
    def read(cls) -> Self:
        """Read the environment; a wrong value ends the process, named with its remedy."""
        try:
            return cls()
        except ValidationError as error:
            _refuse([_problem(one) for one in error.errors()])
        except SettingsError as error:
            names = (name for name in cls.model_fields if f'"{name}"' in str(error))
            _refuse([(name, "is not JSON") for name in names])


def _problem(error: ErrorDetails) -> tuple[str, str]:
    """Return the setting and what is wrong with it; in a list, with which entry."""
    field, *inside = error["loc"]
    where = [f"entry {part + 1}" if isinstance(part, int) else str(part) for part in inside]
    reason = error["msg"].removeprefix("Value error, ")
    return str(field), ": ".join([*where, reason])


def _refuse(problems: list[tuple[str, str]]) -> NoReturn:
    lines = ["slatrack cannot start: a setting in the environment is wrong."]
    for field, reason in problems:
        meaning = Environment.model_fields[field].description
        lines.append(f"  {PREFIX}{field.upper()}: {reason}. It is: {meaning}.")
    lines.append("Correct or unset it; docs/settings.md lists every setting.")
    sys.exit("\n".join(lines))
