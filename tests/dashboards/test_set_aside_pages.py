import pytest

from slatrack.celery import app
from slatrack.tracking.models import SetAside
from tests.dashboards.signed_in import client
from tests.factories import NOON, minutes

pytestmark = pytest.mark.django_db

HOSTILE = b"<script>alert(1)</script>\x00\xff"


def aside(**fields):
    values = {"source": "kafka", "topic": "otlp_spans", "partition": 2, "encoding": "otlp_proto"}
    values |= {"reason": "no OTLP", "size": 5000, "data": HOSTILE * 100, "at": NOON}
    values["offset"] = SetAside.objects.count()
    return SetAside.objects.create(**{**values, **fields})


@pytest.fixture
def sent(monkeypatch):
    """What was handed to a worker: the outside of this page."""
    found = []
    monkeypatch.setattr(app, "send_task", lambda name, args: found.append((name, args)))
    return found


def test_nothing_set_aside_is_good_news():
    assert "Everything could be read" in client("viewer").get("/set-aside/").content.decode()
    assert client("").get("/set-aside/").status_code == 403


def test_each_record_has_its_place_and_reason():
    aside(offset=7, reason="<b>truncated</b>")
    aside(source="http", offset=None, topic="", at=NOON + minutes(1), replayed_at=NOON)
    browser = client("viewer")

    waiting = browser.get("/set-aside/").content.decode()
    everything = browser.get("/set-aside/?show=all").content.decode()
    other = browser.get("/set-aside/?source=grpc").content.decode()

    assert "otlp_spans-2@7" in waiting
    assert "&lt;b&gt;truncated" in waiting
    assert "5.0 kB" in waiting
    assert "Replayed" not in waiting
    assert "Replayed" in everything
    assert "Nothing matches" in other


def test_a_record_shows_its_bytes_as_hex_and_text():
    row = aside()

    page = client("viewer").get(f"/set-aside/{row.pk}").content.decode()

    assert "3c 73 63 72 69 70 74" in page
    assert "<script>alert" not in page
    assert "the first 512 of 5,000" in page


def test_the_bytes_are_a_download_and_never_a_page():
    row = aside()

    answer = client("viewer").get(f"/set-aside/{row.pk}/bytes")

    assert answer.content == HOSTILE * 100
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_the_list_does_not_load_the_bytes(django_assert_max_num_queries):
    for _ in range(20):
        aside()
    browser = client("viewer")
    browser.get("/health/")

    with django_assert_max_num_queries(14) as seen:
        browser.get("/set-aside/")

    assert not any('"data"' in query["sql"] for query in seen.captured_queries)


def test_replay_hands_each_record_to_a_worker(sent):
    rows = [aside(), aside()]

    answer = client("operator").post(
        "/set-aside/replay", {"record": [row.pk for row in rows] + ["x", 999]}, follow=True
    )

    assert sent == [("consumers.replay_set_aside", [row.pk]) for row in rows]
    assert "2 records handed to a worker" in answer.content.decode()


def test_choosing_nothing_is_said(sent):
    page = client("operator").post("/set-aside/replay", follow=True).content.decode()

    assert "Nothing was replayed" in page
    assert sent == []


def test_replay_needs_the_right(sent):
    row, viewer = aside(), client("viewer")

    assert viewer.post("/set-aside/replay", {"record": row.pk}).status_code == 403
    assert "Replay</button>" not in viewer.get("/set-aside/").content.decode()
    assert sent == []
