"""Every setting slatrack reads from the environment: typed, with its default and its meaning."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Environment(BaseSettings):
    """Read from variables named SLATRACK_<FIELD>; an empty service address means: embedded."""

    model_config = SettingsConfigDict(env_prefix="SLATRACK_", extra="ignore")

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
    kafka_topics: str = Field("otlp_spans", description="Topics of spans, comma-separated")
    default_grace: str = Field("PT0S", description="How long telemetry may lag before silence counts")
    parked_for: str = Field("PT1H", description="How long a span waits for an identifier")
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
