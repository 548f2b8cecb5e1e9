"""The frame holds: documents keep up with the code, files stay small, containers are confined."""

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from django.apps import apps
from django.core.management import get_commands
from django.db.migrations import RunPython, RunSQL, SeparateDatabaseAndState
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from prometheus_client import REGISTRY

from slatrack import metrics
from slatrack.environment import Environment
from slatrack.operations.gauges import DatabaseGauges
from slatrack.tracking.models import Source
from slatrack.tracking.watcher import NAME as WATCHER

ROOT = Path(__file__).resolve().parent.parent
LISTED = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=True,
).stdout.splitlines()
FILES = [ROOT / name for name in LISTED if (ROOT / name).is_file()]
PAGES = [path for path in FILES if path.suffix == ".md"]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
OURS = ("slatrack", "consumers", "dashboards")


@pytest.mark.parametrize(
    "name", sorted(name for name, app in get_commands().items() if app.startswith(OURS))
)
def test_every_command_is_documented(name):
    assert f"`manage.py {name}`" in OPERATIONS


@pytest.mark.django_db
def test_every_metric_is_documented():
    Source.objects.create(name=WATCHER, alive_at=datetime.now(UTC))
    counted = [family for family in REGISTRY.collect() if family.name.startswith("slatrack_")]
    assert metrics.SPANS.describe()[0].name in [family.name for family in counted]
    names = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in (*counted, *DatabaseGauges().collect())
    }

    assert names == set(re.findall(r"^\| `(slatrack_\w+)` \|", OPERATIONS, re.M))


MOVING = {  # migrations that move rows, each with a test of its own
    ("0003_unrouted", "RunSQL"),
    ("0005_flips_told_by_deadlines", "RunSQL"),
    ("0006_dictionary", "RunPython"),
    ("0007_flips_become_history_when_taken_up", "RunSQL"),
    ("0008_kept_deadlines_are_told_by_their_journeys", "RunPython"),
    ("0009_rows_change_for_less", "RunPython"),
    ("0003_alerts_say_all_themselves", "RunSQL"),
}


def test_migrations_do_what_the_models_say_and_nothing_else():
    """So a suite whose tables come from the models tests what an installation has."""
    loader = MigrationLoader(None)
    ours = [one for one in loader.disk_migrations.values() if type(one).__module__.startswith(OURS)]
    beside = {
        (migration.name, type(step).__name__)
        for migration in ours
        for step in migration.operations
        if isinstance(step, RunPython | RunSQL | SeparateDatabaseAndState)
    }
    models = ProjectState.from_apps(apps)
    unsaid = MigrationAutodetector(loader.project_state(), models).changes(loader.graph)

    assert {one.app_label for one in ours} == {"tracking", "alerting", "dashboards"}
    assert beside == MOVING
    assert unsaid == {}


def test_links_between_documents_lead_somewhere():
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in PAGES
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if "://" not in link and not link.startswith("mailto:")
        if not (page.parent / link).exists()
    ]

    assert broken == []


def test_no_file_has_grown_past_its_limit():
    limits = {".py": 300, ".css": 400, ".js": 400, ".html": 300}
    long = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for path in FILES
        if path.suffix in limits and "migrations" not in path.parts
        if (lines := len(path.read_text(encoding="utf-8").splitlines()))
        > (400 if "tests" in path.parts else limits[path.suffix])
    ]

    assert long == []


def test_no_file_is_named_after_everything():
    banned = {"utils.py", "helpers.py", "base.py", "managers.py", "misc.py", "common.py"}
    named_by_django = [
        ROOT / "slatrack" / "fair_sqlite" / "base.py"
    ]  # where an engine is loaded from

    assert [p for p in FILES if p.name in banned and p not in named_by_django] == []


def test_locks_agree():
    """A developer's environment runs the versions that users get."""
    runtime, test, ci = (pins(name) for name in ("runtime", "test", "ci"))

    assert runtime.items() <= test.items() <= ci.items()


def pins(name):
    lines = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_container_is_pinned_and_confined(name):
    service = COMPOSE["services"][name]

    assert re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+.*|postgres:\d+\.\d+-\w+", service["image"])
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("read_only") or name == "kafka"
    assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert "healthcheck" in service or name in {"migrate", "collector", "demo"}


def test_compose_sets_only_settings_that_exist():
    known = {f"SLATRACK_{name.upper()}" for name in Environment.model_fields}
    given = COMPOSE["x-environment"]

    assert given.keys() <= known
    assert "SLATRACK_DEBUG" not in given


def test_no_secret_has_a_default():
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    variables = re.findall(r"\$\{(\w+)(:\?)?", text)
    example = (ROOT / "deploy" / "example.env").read_text(encoding="utf-8")

    assert all(required for _, required in variables)
    assert {name for name, _ in variables} == set(re.findall(r"^(SLATRACK_\w+)=$", example, re.M))


def test_the_collector_writes_where_slatrack_reads():
    config = yaml.safe_load((ROOT / "deploy" / "collector.yaml").read_text(encoding="utf-8"))
    kafka = config["exporters"]["kafka"]

    assert kafka["traces"]["topic"] == Environment.model_fields["kafka_topics"].default
    assert kafka["logs"]["topic"] == Environment.model_fields["kafka_log_topics"].default
    assert kafka["brokers"] == [COMPOSE["x-environment"]["SLATRACK_KAFKA_BROKERS"]]


def test_the_image_runs_as_nobody_special():
    stage = (ROOT / "Dockerfile").read_text(encoding="utf-8").split("\nFROM ")[-1]

    assert re.search(r"^USER slatrack$", stage, re.M)


def test_the_licence_is_whole():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")

    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
