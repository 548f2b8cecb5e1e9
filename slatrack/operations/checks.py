"""System checks: each combination of settings that cannot work, with its remedy.

Errors stop every command. `manage.py check --deploy` adds what a server installation needs besides.
"""

import difflib
import ipaddress
import os
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from slatrack.environment import PREFIX, Environment
from slatrack.tracing import leads_back

OWN = {"SLATRACK_CI"}  # of the test suite, beside SLATRACK_TEST_…


def check_names(**_: Any) -> Iterator[CheckMessage]:
    """A misspelt setting is silently its default: say so."""
    known = {f"{PREFIX}{name.upper()}" for name in Environment.model_fields} | OWN
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known and not name.startswith("SLATRACK_TEST_"):
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else "docs/settings.md lists all settings."
            yield Warning(f"{name} is not a setting of slatrack.", hint=hint, id="slatrack.W001")


def check_secret_key(**_: Any) -> Iterator[CheckMessage]:
    given = settings.SLATRACK
    if not given.embedded and not given.secret_key:
        yield Error(
            "SLATRACK_DATABASE_URL is set, but SLATRACK_SECRET_KEY is not: several processes must "
            "share one key, or people are signed out at random.",
            hint="Set it to a long random text, e.g. of `openssl rand -base64 48`, and keep it.",
            id="slatrack.E001",
        )
    elif given.secret_key and len(given.secret_key) < 32:
        yield Error(
            "SLATRACK_SECRET_KEY is shorter than 32 characters and could be guessed.",
            hint="Make one with `openssl rand -base64 48`.",
            id="slatrack.E002",
        )


def check_redis(**_: Any) -> Iterator[CheckMessage]:
    given = settings.SLATRACK
    if not given.embedded and not given.redis_url:
        yield Error(
            "SLATRACK_DATABASE_URL is set, but SLATRACK_REDIS_URL is not: consumer, watcher and "
            "worker run in processes of their own, and what they tell each other in memory would "
            "reach no open page and send no alert.",
            hint="Set SLATRACK_REDIS_URL=redis://…, or unset SLATRACK_DATABASE_URL: embedded.",
            id="slatrack.E003",
        )
    if given.embedded and given.redis_url:
        yield Warning(
            "SLATRACK_REDIS_URL is set, but SLATRACK_DATABASE_URL is not: SQLite serves processes "
            "of one machine only.",
            hint="Set SLATRACK_DATABASE_URL=postgresql://… before you run more than one machine.",
            id="slatrack.W002",
        )


def check_debug(**_: Any) -> Iterator[CheckMessage]:
    given = settings.SLATRACK
    if given.debug and (not given.embedded or not _only_here(given.host)):
        yield Error(
            "SLATRACK_DEBUG is on where others can reach it: its pages show settings and code.",
            hint="Unset SLATRACK_DEBUG, or listen on 127.0.0.1 with no SLATRACK_DATABASE_URL.",
            id="slatrack.E004",
        )


def check_ingest(**_: Any) -> Iterator[CheckMessage]:
    given = settings.SLATRACK
    if not given.ingest_tokens and (not given.embedded or not _only_here(given.host)):
        yield Warning(
            "SLATRACK_INGEST_TOKENS is empty: whoever reaches /v1/traces, /v1/logs or the gRPC "
            "port can make up journeys.",
            hint="Set one token a sender, or let only your collectors reach those addresses.",
            id="slatrack.W003",
        )


def check_own_traces(**_: Any) -> Iterator[CheckMessage]:
    given = settings.SLATRACK
    if given.traces_endpoint and leads_back(given.traces_endpoint, given):
        yield Error(
            "SLATRACK_TRACES_ENDPOINT is slatrack's own OTLP address: each span that it takes in "
            "would make another one.",
            hint="Send slatrack's own traces to another backend, or unset it.",
            id="slatrack.E005",
        )


def check_deployment(**_: Any) -> Iterator[CheckMessage]:
    given = settings.SLATRACK
    if not given.https:
        yield Warning(
            "SLATRACK_PUBLIC_URL is not https://…: passwords and sessions travel in the clear.",
            hint="Put a proxy with a certificate in front; set SLATRACK_BEHIND_PROXY=true.",
            id="slatrack.W004",
        )
    if not given.embedded and not given.kafka_brokers:
        yield Warning(
            "SLATRACK_KAFKA_BROKERS is empty: spans arrive over OTLP only.",
            hint="Set it, or run no `consume_spans`: that refuses to start without brokers.",
            id="slatrack.W005",
        )
    if "*" in given.hosts:
        yield Warning(
            "SLATRACK_ALLOWED_HOSTS holds *: links in messages can be made to lead elsewhere.",
            hint="Name the hosts that people open.",
            id="slatrack.W006",
        )


def _only_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


ALWAYS = (
    check_names,
    check_secret_key,
    check_redis,
    check_debug,
    check_ingest,
    check_own_traces,
)
DEPLOYED = (check_deployment,)
