"""People of each role, and browsers in which they are signed in."""

from django.contrib.auth.models import Group, User
from django.test import Client


def person(role: str, name: str = "") -> User:
    """Return a user who has the role; the empty role is somebody without any right."""
    user = User.objects.create_user(name or role or "nobody")
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


def client(role: str) -> Client:
    """Return a browser in which somebody of that role is signed in."""
    browser = Client()
    browser.force_login(person(role))
    return browser
