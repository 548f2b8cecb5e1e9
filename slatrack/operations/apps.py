"""The Django app of operations; loading it registers the system checks."""

from django.apps import AppConfig
from django.core.checks import register

from slatrack.operations import checks


class OperationsConfig(AppConfig):
    name = "slatrack.operations"

    def ready(self) -> None:
        for check in checks.ALWAYS:
            register(check)
        for check in checks.DEPLOYED:
            register(check, deploy=True)
