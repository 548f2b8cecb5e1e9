"""Who starts an empty installation can sign in, and nobody is let in twice."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from slatrack.embedded import first_account

pytestmark = pytest.mark.django_db


def test_the_first_account_signs_in_and_may_do_everything():
    password = first_account.make()
    browser = Client()

    answer = browser.post("/accounts/sign-in", {"username": "admin", "password": password})

    assert answer.status_code == 302
    assert browser.get("/first-run/").status_code == 200
    assert browser.get("/channels/new/webhook").status_code == 200
    user = User.objects.get()
    assert not user.is_superuser
    assert password not in user.password


def test_where_there_is_an_account_none_is_made():
    User.objects.create_user("ann")

    assert first_account.make() == ""
    assert [user.username for user in User.objects.all()] == ["ann"]


def test_each_installation_has_a_password_of_its_own():
    one = first_account.make()
    User.objects.all().delete()

    assert one != first_account.make()
