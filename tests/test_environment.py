"""Settings are read, refused in words, and all documented."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from slatrack.environment import Environment

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTED = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", Environment.model_fields)
def test_every_setting_is_documented_with_its_default(name):
    row = re.search(rf"^\| `SLATRACK_{name.upper()}` \| (.*?) \| (.*?) \|$", DOCUMENTED, re.M)
    assert row, f"SLATRACK_{name.upper()} has no row in docs/settings.md"
    default = Environment.model_fields[name].default
    shown = str(default).lower() if isinstance(default, bool) else f"`{default}`"
    assert row[1] == ("empty" if default == "" else shown)


def test_no_setting_is_documented_that_is_none():
    rows = re.findall(r"^\| `SLATRACK_(\w+)` \|", DOCUMENTED, re.M)
    assert {row.lower() for row in rows} == set(Environment.model_fields)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("http_port", "99999", "less than or equal to 65535"),
        ("redis_url", "http://r", "must start with redis:// or rediss://"),
        ("database_url", "mysql://db", "must start with postgresql:// or postgres://"),
        ("public_url", "https://", "must name a host"),
        ("parked_for", "3 days", "PT15M"),
        ("debug", "perhaps", "boolean"),
        ("kafka_options", "{x", "is not JSON"),
        ("service_names", "[", "is not JSON"),
        ("service_names", '[{"from": "job", "pattern": "(a"}]', "entry 1: missing ): (a"),
        ("service_names", '[{"from": "job", "pattern": "a"}]', "a group that the pattern does not"),
        ("service_names", '[{"from": "j", "pattern": "(a)"}, {}]', "entry 2: from: Field required"),
        ("service_names", '[{"from": "j", "pattern": "(a)", "x": 1}]', "x: Extra inputs"),
        ("links", '[{"name": "x", "on": "trace", "url": "javascript:1"}]', "must start with https"),
    ],
)
def test_a_wrong_value_ends_the_start_in_words(monkeypatch, name, value, why):
    monkeypatch.setenv(f"SLATRACK_{name.upper()}", value)

    with pytest.raises(SystemExit) as refused:
        Environment.read()

    assert f"SLATRACK_{name.upper()}: " in str(refused.value)
    assert why in str(refused.value)
    assert Environment.model_fields[name].description in str(refused.value)


def test_what_should_be_json_and_is_not_ends_the_start_in_words(monkeypatch):
    monkeypatch.setenv("SLATRACK_LINKS", "jaeger")

    with pytest.raises(SystemExit, match=r"SLATRACK_LINKS: is not JSON"):
        Environment.read()


def test_a_wrong_secret_is_not_repeated(monkeypatch):
    monkeypatch.setenv("SLATRACK_DATABASE_URL", "mysql://me:hunter2@db")

    with pytest.raises(SystemExit) as refused:
        Environment.read()

    assert "hunter2" not in str(refused.value)


def test_a_command_shows_no_traceback(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"SLATRACK_HTTP_PORT": "none", "SLATRACK_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "SLATRACK_HTTP_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_public_host_is_served_too():
    given = Environment(allowed_hosts="a.example, b.example", public_url="https://c.example/x")

    assert given.hosts == ["a.example", "b.example", "c.example"]
    assert given.https
