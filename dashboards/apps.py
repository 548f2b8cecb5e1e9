from django.apps import AppConfig
from django.db.models.signals import post_migrate

from dashboards import roles


class DashboardsConfig(AppConfig):
    name = "dashboards"

    def ready(self) -> None:
        post_migrate.connect(roles.fill_groups, sender=self)
