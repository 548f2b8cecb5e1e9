"""The demo's page: switching faults, reading what was sent."""

import importlib
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.test import override_settings
from django.urls import clear_url_caches

from slatrack import urls
from slatrack.demo import faults, inbox
from tests.dashboards.signed_in import client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demo_runs(monkeypatch, tmp_path):
    monkeypatch.setattr(settings.SLATRACK, "data_dir", tmp_path)
    monkeypatch.setattr(settings.SLATRACK, "demo", True)
    _load_addresses()
    yield
    settings.SLATRACK.demo = False
    _load_addresses()


def _load_addresses():
    importlib.reload(urls)
    clear_url_caches()


def keep(kind="email", **fields):
    values = {"sender": "s", "subject": "Missed", "headers": {"a": "<b>"}, "body": "<i>late</i>"}
    inbox.keep(inbox.Message(kind=kind, received_at=datetime.now(UTC), **{**values, **fields}))


def test_a_fault_says_what_it_does_and_is_switched():
    browser = client("operator")

    page = browser.get("/demo/").content.decode()
    browser.post("/demo/faults/slow_sink", {"on": "yes"})

    assert all(fault.effect in page.replace("&#x27;", "'") for fault in faults.FAULTS)
    assert faults.active() == {"slow_sink"}
    browser.post("/demo/faults/slow_sink", {"on": "no"})
    assert faults.active() == frozenset()
    assert browser.post("/demo/faults/made_up", {"on": "yes"}).status_code == 404


def test_who_may_not_act_may_look():
    viewer = client("viewer")

    assert "Switch on" not in viewer.get("/demo/").content.decode()
    assert viewer.post("/demo/faults/slow_sink", {"on": "yes"}).status_code == 403
    assert client("").get("/demo/").status_code == 403


def test_messages_are_readable_and_harmless():
    keep()
    keep("webhook", body='{"data": {"sentence": "T1 will miss <it>"}}', subject="POST /webhook")
    keep("webhook", body="no JSON", subject="POST /webhook")

    page = client("viewer").get("/demo/").content.decode()

    assert "<i>late</i>" not in page
    assert "T1 will miss &lt;it&gt;</strong>" in page
    assert "no JSON" in page


def test_the_refresh_is_silent_until_something_new_came():
    browser = client("viewer")
    keep()
    newest = browser.get("/demo/").context["newest"]

    def refresh():
        return browser.get("/demo/", {"newest": newest}, headers={"HX-Request": "true"})

    assert refresh().status_code == 204
    keep(subject="Another")
    assert "Another" in refresh().content.decode()


def test_without_the_demo_there_is_no_such_page():
    with override_settings():
        settings.SLATRACK.demo = False
        _load_addresses()

        assert client("viewer").get("/demo/").status_code == 404
