"""Every combination of settings that cannot work is refused, by its id and with a remedy."""

import os
from pathlib import Path

import pytest

from slatrack.environment import Environment
from slatrack.operations import checks

SERVER = {
    "database_url": "postgresql://slatrack@db/slatrack",
    "redis_url": "redis://redis:6379/0",
    "kafka_brokers": "kafka:9092",
    "secret_key": "a" * 40,
    "ingest_tokens": "one-for-the-collector",
    "public_url": "https://slatrack.example.com",
}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch):
    """The suite itself may run on a PostgreSQL; these settings are made from nothing."""
    for name in [name for name in os.environ if name.startswith("SLATRACK_")]:
        monkeypatch.delenv(name)


def found(settings, **given):
    settings.SLATRACK = Environment(_env_file=None, data_dir=Path("unused"), **given)
    messages = [m for check in (*checks.ALWAYS, *checks.DEPLOYED) for m in check()]
    assert all(message.hint for message in messages)
    return {message.id for message in messages}


def test_a_server_installation_with_all_its_services_is_fine(settings):
    assert found(settings, **SERVER) == set()


def test_embedded_on_this_machine_lacks_only_https(settings):
    assert found(settings) == {"slatrack.W004"}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"secret_key": ""}, "slatrack.E001"),
        ({"secret_key": "guess me"}, "slatrack.E002"),
        ({"redis_url": ""}, "slatrack.E003"),
        ({"database_url": ""}, "slatrack.W002"),
        ({"debug": True}, "slatrack.E004"),
        ({"ingest_tokens": ""}, "slatrack.W003"),
        ({"kafka_brokers": ""}, "slatrack.W005"),
        ({"public_url": "http://slatrack.example.com"}, "slatrack.W004"),
        ({"allowed_hosts": "*"}, "slatrack.W006"),
        ({"traces_endpoint": "https://slatrack.example.com/v1/traces"}, "slatrack.E005"),
        ({"traces_endpoint": "http://localhost:8000/v1/traces"}, "slatrack.E005"),
        ({"traces_endpoint": "http://127.0.0.1:4317"}, "slatrack.E005"),
    ],
)
def test_one_wrong_setting(settings, change, complaint):
    assert found(settings, **{**SERVER, **change}) == {complaint}


@pytest.mark.parametrize(
    ("host", "complaints"),
    [
        ("127.0.0.1", set()),
        ("[::1]", set()),
        ("localhost", set()),
        ("0.0.0.0", {"slatrack.E004", "slatrack.W003"}),  # noqa: S104
        ("slatrack.internal", {"slatrack.E004", "slatrack.W003"}),
    ],
)
def test_debug_and_open_ingest_stay_on_this_machine(settings, host, complaints):
    assert found(settings, host=host, debug=True) - {"slatrack.W004"} == complaints


def test_own_traces_may_go_to_another_backend(settings):
    elsewhere = "http://localhost:4318/v1/traces"
    assert found(settings, **SERVER, traces_endpoint=elsewhere) == set()


def test_a_misspelt_setting_is_named_with_what_was_meant(settings, monkeypatch):
    monkeypatch.setenv("SLATRACK_REDISURL", "redis://r")
    settings.SLATRACK = Environment(**SERVER)

    [message] = checks.check_names()

    assert message.id == "slatrack.W001"
    assert message.hint == "Did you mean SLATRACK_REDIS_URL?"
