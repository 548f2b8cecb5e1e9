"""The groups that every installation has, and what each may do.

A person may be in several. Groups are filled after each migration; what an administrator gave a
group beside this is kept.
"""

from typing import Any

from django.apps import apps
from django.db.models import Q

VIEW = Q(codename__startswith="view_", content_type__app_label__in=["tracking", "alerting"])
OPERATE = Q(content_type__app_label="tracking", codename="change_setaside") | Q(
    content_type__app_label="alerting", codename="act_on_incident"
)
AUTHOR = Q(
    content_type__app_label="tracking",
    codename__in=[
        "add_flow",
        "change_flow",
        "add_ruleversion",
        "change_ruleversion",
        "add_closure",
        "change_closure",
    ],
)
EVERYTHING = Q(content_type__app_label__in=["tracking", "alerting", "dashboards", "auth"])

ROLES = {
    "viewer": VIEW,
    "operator": VIEW | OPERATE,
    "author": VIEW | OPERATE | AUTHOR,
    "admin": EVERYTHING,
}


def fill_groups(**signal: Any) -> None:
    """Make the groups and give them their permissions; repeating it changes nothing."""
    using = signal.get("using", "default")
    groups = apps.get_model("auth", "Group").objects.using(using)
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    for name, allowed in ROLES.items():
        group, _ = groups.get_or_create(name=name)
        group.permissions.add(*permissions.filter(allowed))
