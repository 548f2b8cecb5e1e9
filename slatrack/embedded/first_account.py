"""The first account: an installation that nobody can sign in to gets one, told once."""

import secrets

from django.contrib.auth.models import Group, User
from django.db import transaction

NAME = "admin"


@transaction.atomic
def make() -> str:
    """Make an account with the role admin where there is none at all; return its password.

    Only the hash is kept, so it can be told this once. Where there are accounts nothing is made and
    the answer is empty.
    """
    if User.objects.exists():
        return ""
    password = secrets.token_urlsafe(9)
    User.objects.create_user(NAME, password=password).groups.add(Group.objects.get(name="admin"))
    return password
