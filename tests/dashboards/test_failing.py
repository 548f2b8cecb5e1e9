"""What people and programs are told where a request fails."""

import json

import pytest
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError
from django.test import Client

from slatrack.otlp.frames import UnknownDictionaryError
from slatrack.tracking import dictionaries, dictionary_training
from slatrack.tracking.dictionary_models import Dictionary, Kind
from slatrack.tracking.kept_deadlines import UnknownTermsError
from slatrack.tracking.models import Journey
from slatrack.tracking.packing import pack_parts, unpack_parts
from tests.away import away
from tests.dashboards.signed_in import client
from tests.tracking import dictionary_world

pytestmark = pytest.mark.django_db


def asked(browser, path, error, *, only="", **posted):
    browser.raise_request_exception = False
    with away(error, only):
        return browser.post(path, posted) if posted else browser.get(path)


LOCKED = OperationalError("database is locked")


CLOSED = InterfaceError("the cursor is closed")


@pytest.mark.parametrize(
    ("path", "error"), [("/", LOCKED), ("/flows/", LOCKED), ("/alerts/", LOCKED), ("/", CLOSED)]
)
def test_a_page_says_that_the_database_does_not_answer_and_when_to_come_again(path, error):
    found = asked(client("viewer"), path, error)
    assert found.status_code == 503
    assert found["Retry-After"] == "5"
    assert "The database does not answer" in found.content.decode()
    assert "locked" not in found.content.decode()


def test_so_does_a_sign_in_whose_session_cannot_be_kept():
    User.objects.create_user("ada", password="a long password")
    found = asked(
        Client(), "/accounts/sign-in", LOCKED, only="INSERT",
        username="ada", password="a long password",
    )  # fmt: skip
    assert found.status_code == 503


def test_a_program_is_told_in_problem_details():
    found = asked(client("viewer"), "/api/flows", LOCKED)
    assert (found.status_code, found["Content-Type"]) == (503, "application/problem+json")
    assert json.loads(found.content)["detail"] == (
        "the database does not answer: try again in 5 seconds"
    )


@pytest.mark.parametrize(
    ("path", "said"), [("/", "This page failed"), ("/api/flows", "its log names the cause")]
)
def test_any_other_error_is_a_failure_that_tells_nothing_of_itself(path, said):
    found = asked(client("viewer"), path, RuntimeError("secret"))
    assert found.status_code == 500
    assert "Retry-After" not in found
    assert said in found.content.decode()
    assert "secret" not in found.content.decode()


LOST = UnknownDictionaryError(7), UnknownTermsError("terms 7 of deadlines are lost")


@pytest.mark.parametrize("error", LOST)
@pytest.mark.parametrize("path", ["/", "/api/flows"])
def test_what_is_lost_is_named_with_what_brings_it_back(path, error):
    found = asked(client("viewer"), path, error)
    assert found.status_code == 500
    assert f"{error}; it can be read again once" in found.content.decode()


def test_the_page_of_an_event_whose_dictionary_is_lost_names_it(monkeypatch):
    dictionary_world.small(monkeypatch)
    dictionary_world.recorded()
    dictionary_training.tend(now=dictionary_world.NOW)
    row = Journey.objects.select_related("flow").order_by("key").first()
    Journey.objects.filter(id=row.id).update(parts=pack_parts(unpack_parts(row.parts)))
    number = Dictionary.objects.get(kind=Kind.PARTS).id
    Dictionary.objects.all().delete()
    dictionaries.forget()
    browser = client("viewer")
    browser.raise_request_exception = False

    found = browser.get(f"/flows/{row.flow.name}/journeys/{row.key}")

    assert found.status_code == 500
    assert f"dictionary {number} is lost" in found.content.decode()
