"""Fixtures for everybody: real servers, each started once a session and only when asked for.

A server that is not installed skips its tests with the reason; with SLATRACK_CI=1 it fails them.
An own server can be named instead: SLATRACK_TEST_KAFKA_BROKERS, _POSTGRES_URL, _REDIS_URL.
"""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from hypothesis import settings

from dashboards import dear
from slatrack.tracking import (
    dictionaries,
    falling_due,
    feeds,
    flows,
    heard,
    histories,
    kept_deadlines,
    remembering,
)
from tests.servers import chromium, kafka, postgres, redis, small_disk
from tests.servers.process import Missing

# `make test` tries a few examples of each property, CI many.
settings.register_profile(
    "slatrack", max_examples=int(os.environ.get("SLATRACK_TEST_EXAMPLES", "10")), deadline=None
)
settings.load_profile("slatrack")

CI = os.environ.get("SLATRACK_CI") == "1"
Server = Callable[[Path], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tables made from the models (tests/settings.py) are noted as migrated."""
    with django_db_blocker.unblock():
        recorder = MigrationRecorder(connection)
        if recorder.has_table():
            return
        recorder.ensure_schema()
        for app, name in MigrationLoader(connection).disk_migrations:
            recorder.record_applied(app, name)


@pytest.fixture(autouse=True)
def _forget_flows() -> None:
    """What a process remembers of the database is forgotten: tests roll that back."""
    flows._cache.clear()
    dictionaries.forget()
    kept_deadlines.forget()
    heard.forget()
    feeds.forget()
    histories.forget()
    remembering.forget()
    dear.forget()
    falling_due.forget()


@pytest.fixture(scope="session")
def kafka_brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """bootstrap.servers of a real Kafka; new topics get three partitions. Mark tests `servers`."""
    yield from _served(kafka.real, "KAFKA_BROKERS", tmp_path_factory)


@pytest.fixture
def own_brokers(tmp_path: Path) -> Iterator[str]:
    """bootstrap.servers of a real Kafka that nobody has used before. Mark tests `servers`."""
    folder = tmp_path / "kafka"
    folder.mkdir()
    with _OrSkip(kafka.real, folder) as address:
        yield address


@pytest.fixture(scope="session")
def mock_brokers() -> Iterator[str]:
    """bootstrap.servers of librdkafka's mock cluster; set session.timeout.ms=6000 with it."""
    with kafka.mock() as address:
        yield address


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of an empty database of a real PostgreSQL (not Django's own). Mark tests `servers`."""
    yield from _served(postgres.real, "POSTGRES_URL", tmp_path_factory)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a real Redis, empty at start of the session. Mark tests `servers`."""
    yield from _served(redis.real, "REDIS_URL", tmp_path_factory)


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small file system, which may be filled. Mark tests `servers`."""
    with _OrSkip(small_disk.mounted) as folder:
        yield folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A running Chromium (playwright.sync_api.Browser). Mark tests `servers`."""
    with _OrSkip(chromium.real) as running:
        # Playwright's sync API keeps an event loop in this thread; Django must not mind it.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        yield running
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def _served(server: Server, name: str, factory: pytest.TempPathFactory) -> Iterator[str]:
    given = os.environ.get(f"SLATRACK_TEST_{name}")
    if given:
        yield given
        return
    with _OrSkip(server, factory.mktemp(name.lower())) as address:
        yield address


class _OrSkip:
    """Enter a server; skip the test with the reason where it is not installed."""

    def __init__(self, server: Callable[..., AbstractContextManager[Any]], *args: Any) -> None:
        self.server = server(*args)

    def __enter__(self) -> Any:
        try:
            return self.server.__enter__()
        except Missing as missing:
            pytest.skip(str(missing))

    def __exit__(self, *details: Any) -> bool | None:
        return self.server.__exit__(*details)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What touches Django's database is marked so: CI repeats only that on PostgreSQL."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if item.get_closest_marker("django_db") or "_django_db_helper" in fixtures:
            item.add_marker("database")


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the garbage collector need not walk it all day."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """In CI nothing is skipped: a skip is a failure with the skip's reason."""
    report = yield
    if CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where nothing may be: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Any:
    report = yield
    if CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where nothing may be: {report.longrepr}"
    return report
