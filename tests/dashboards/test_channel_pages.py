import pytest

from slatrack.alerting.models import Channel, Delivery
from tests.dashboards.signed_in import client
from tests.factories import NOON

pytestmark = pytest.mark.django_db

SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQ="
CLOSED = "http://127.0.0.1:9/hook"


@pytest.fixture
def admin():
    return client("admin")


def webhook(**fields):
    values = {"name": "pager", "kind": "webhook", "config": {"url": CLOSED}, "secret": SECRET}
    return Channel.objects.create(**{**values, "created_at": NOON, **fields})


def test_without_channels_it_says_that_nobody_is_told(admin):
    assert "Nobody is told yet" in admin.get("/channels/").content.decode()


@pytest.mark.parametrize("role", ["viewer", "operator", "author"])
def test_only_an_admin_changes_channels(role):
    row, browser = webhook(), client(role)

    assert browser.get("/channels/").status_code == 200
    assert browser.get("/channels/new/webhook").status_code == 403
    assert browser.post(f"/channels/{row.pk}/edit", {"name": "mine"}).status_code == 403
    assert browser.post(f"/channels/{row.pk}/test").status_code == 403
    assert not Delivery.objects.exists()


def test_a_webhook_gets_a_secret_that_is_shown_once(admin):
    page = admin.post(
        "/channels/new/webhook",
        {"name": "pager", "url": "https://pager.example/hook", "enabled": "on"},
        follow=True,
    ).content.decode()

    secret = Channel.objects.get().secret
    assert secret.startswith("whsec_")
    assert secret in page
    assert secret not in admin.get(f"/channels/{Channel.objects.get().pk}").content.decode()


def test_an_e_mail_channel(admin):
    admin.post("/channels/new/email", {"name": "desk", "to": "a@b.example, c@d.example"})

    channel = Channel.objects.get()
    assert channel.config == {"to": ["a@b.example", "c@d.example"]}
    assert channel.enabled is False
    page = admin.get(f"/channels/{channel.pk}").content.decode()
    assert "a@b.example, c@d.example" in page
    assert "[&#x27;" not in page


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("email", {"name": "desk", "to": "nobody"}, "to"),
        ("email", {"to": "a@b.example"}, "name"),
        ("webhook", {"name": "x", "url": "ftp://x"}, "url"),
        ("webhook", {"name": "x", "url": "javascript:alert(1)"}, "url"),
        ("webhook", {"name": "x", "url": "https://x.example", "secret": "short"}, "secret"),
        ("webhook", {"name": "pager", "url": "https://x.example"}, "name"),
    ],
)
def test_what_is_wrong_stands_at_its_field(admin, kind, body, field):
    webhook()

    answer = admin.post(f"/channels/new/{kind}", body)

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert Channel.objects.count() == 1


def test_an_empty_secret_keeps_the_one_there_is(admin):
    row = webhook()

    body = {"name": "pager", "url": "https://new.example/hook", "secret": ""}
    admin.post(f"/channels/{row.pk}/edit", body)

    row.refresh_from_db()
    assert (row.config["url"], row.secret) == ("https://new.example/hook", SECRET)


def test_the_test_button_shows_what_came_back(admin):
    row = webhook()

    answer = admin.post(f"/channels/{row.pk}/test", headers={"HX-Request": "true"})

    page = answer.content.decode()
    assert "The test was not accepted" in page
    assert SECRET not in page
    assert "<html" not in page
    log = admin.get(f"/channels/{row.pk}").content.decode()
    assert "This is a test of the channel" in log


def test_a_paused_channel_says_why_and_can_go_on(admin):
    row = webhook(paused_at=NOON, paused_reason="410 <b>Gone</b>")

    page = admin.get(f"/channels/{row.pk}").content.decode()
    admin.post(f"/channels/{row.pk}/resume")

    assert "410 &lt;b&gt;Gone" in page
    row.refresh_from_db()
    assert row.paused_at is None


def test_there_is_no_channel_of_a_made_up_kind(admin):
    assert admin.get("/channels/new/pigeon").status_code == 404
