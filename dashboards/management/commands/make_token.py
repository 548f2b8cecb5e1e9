"""`manage.py make_token`: a secret for a program that uses the API."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dashboards.models import ApiToken, Scope


class Command(BaseCommand):
    help = "Make a token for the API and print it; it is shown this once"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="whose permissions it has")
        parser.add_argument("--scope", choices=[s.value for s in Scope], default=Scope.READ.value)
        parser.add_argument("--name", default="", help="what it is for")
        parser.add_argument("--days", type=int, help="how long it is valid; without: for ever")

    def handle(self, *, user: str, scope: str, name: str, days: int | None, **options: Any) -> None:
        model = get_user_model()
        owner = model.objects.filter(**{model.USERNAME_FIELD: user}).first()
        if owner is None:
            raise CommandError(f"there is no user {user!r}: make one with `createsuperuser`")
        now = timezone.now()
        expires_at = now + timedelta(days=days) if days else None
        secret = ApiToken.issue(owner, Scope(scope), now=now, name=name, expires_at=expires_at)
        self.stdout.write(secret)
