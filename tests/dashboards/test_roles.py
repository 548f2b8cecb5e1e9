import pytest
from django.contrib.auth.models import Group, Permission

from dashboards.roles import ROLES, fill_groups
from tests.dashboards.signed_in import person

pytestmark = pytest.mark.django_db

SEE = "tracking.view_journey"
ACT = "alerting.act_on_incident"
REPLAY = "tracking.change_setaside"
CHANGE = "tracking.change_flow"
CHANNELS = "alerting.change_channel"


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("", [], [SEE, ACT, REPLAY, CHANGE, CHANNELS]),
        ("viewer", [SEE], [ACT, REPLAY, CHANGE, CHANNELS]),
        ("operator", [SEE, ACT, REPLAY], [CHANGE, CHANNELS]),
        ("author", [SEE, ACT, CHANGE], [CHANNELS]),
        ("admin", [SEE, ACT, REPLAY, CHANGE, CHANNELS], []),
    ],
)
def test_what_each_role_may_do(role, may, may_not):
    user = person(role)

    assert [p for p in may if not user.has_perm(p)] == []
    assert [p for p in may_not if user.has_perm(p)] == []


def test_every_permission_named_here_exists():
    known = {f"{p.content_type.app_label}.{p.codename}" for p in Permission.objects.all()}

    assert {SEE, ACT, REPLAY, CHANGE, CHANNELS} <= known


def test_filling_again_keeps_what_an_administrator_added():
    viewers = Group.objects.get(name="viewer")
    added = Permission.objects.get(codename="change_flow")
    viewers.permissions.add(added)

    fill_groups()

    assert added in viewers.permissions.all()
    assert Group.objects.count() == len(ROLES)
