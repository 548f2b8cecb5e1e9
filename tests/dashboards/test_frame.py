"""The frame of every page: where one is, in the navigation."""

import pytest
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.urls import ResolverMatch, URLPattern

from dashboards import urls_work
from dashboards.frame import frame
from tests.dashboards.signed_in import person

pytestmark = pytest.mark.django_db
NOWHERE = {"first-run"}
PAGES = [
    one.name
    for one in urls_work.urlpatterns
    if isinstance(one, URLPattern) and one.name and one.name not in NOWHERE
]


@pytest.fixture(autouse=True)
def admin():
    return person("admin", "admin")


def current(name):
    request = RequestFactory().get("/")
    request.user = User.objects.get(username="admin")
    request.resolver_match = ResolverMatch(frame, (), {}, url_name=name)
    return [place["name"] for place in frame(request)["places"] if place["current"]]


def test_every_page_is_within_one_place():
    assert {name: len(current(name)) for name in PAGES} == dict.fromkeys(PAGES, 1)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("journey", "board"),
        ("journey-logs", "board"),
        ("flow-contrast", "flows"),
        ("backtest", "rules"),
        ("shadow", "rules"),
        ("deadlines-import", "rules"),
        ("channel-edit", "alerts"),
        ("set-aside-record", "set-aside"),
    ],
)
def test_a_page_is_within_its_place(name, place):
    assert current(name) == [place]


def test_what_belongs_to_no_place_marks_none():
    assert current("first-run") == []
