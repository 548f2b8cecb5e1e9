from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from dashboards.models import ApiToken, Scope
from tests.dashboards.signed_in import person
from tests.factories import NOON, minutes

pytestmark = pytest.mark.django_db


def test_only_a_digest_of_the_secret_is_stored():
    secret = ApiToken.issue(person("viewer"), Scope.READ, now=NOON)

    token = ApiToken.objects.get()
    assert secret not in str(vars(token))
    assert ApiToken.find(secret, now=NOON) == token
    assert ApiToken.find(secret + "x", now=NOON) is None


def test_an_expired_token_and_one_of_a_disabled_user_are_not_found():
    user = person("viewer")
    short = ApiToken.issue(user, Scope.READ, now=NOON, expires_at=NOON + minutes(5))
    long = ApiToken.issue(user, Scope.READ, now=NOON)

    assert ApiToken.find(short, now=NOON + minutes(4.9)) is not None
    assert ApiToken.find(short, now=NOON + minutes(5)) is None
    user.is_active = False
    user.save()
    assert ApiToken.find(long, now=NOON) is None


def test_use_is_noted_at_most_once_a_minute():
    secret = ApiToken.issue(person("viewer"), Scope.READ, now=NOON)

    for seconds in (0, 30, 59):
        ApiToken.find(secret, now=NOON + timedelta(seconds=seconds))
    assert ApiToken.objects.get().last_used_at == NOON

    ApiToken.find(secret, now=NOON + timedelta(seconds=60))
    assert ApiToken.objects.get().last_used_at == NOON + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("has", "needed", "allowed"),
    [
        (Scope.READ, Scope.READ, True),
        (Scope.READ, Scope.ACT, False),
        (Scope.ACT, Scope.READ, True),
        (Scope.ACT, Scope.WRITE, False),
        (Scope.WRITE, Scope.ACT, True),
    ],
)
def test_scopes_include_the_lesser_ones(has, needed, allowed):
    assert has.allows(needed) is allowed


def test_make_token_prints_the_secret_once():
    person("viewer", name="vera")
    out = StringIO()

    call_command("make_token", "vera", "--scope", "act", "--days", "7", stdout=out)

    token = ApiToken.objects.get()
    assert (token.user.username, token.scope) == ("vera", "act")
    assert token.expires_at == token.created_at + timedelta(days=7)
    assert ApiToken.find(out.getvalue().strip(), now=token.created_at) == token


def test_make_token_says_what_to_do_about_an_unknown_user():
    with pytest.raises(CommandError, match=r"no user .nobody.*createsuperuser"):
        call_command("make_token", "nobody")
