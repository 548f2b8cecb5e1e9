"""The flow page as a live view: once a second, only what changed, one version."""

import pytest
from django.utils import timezone

from dashboards import flow_map_picture
from dashboards.live_views import FlowView, asked_for
from slatrack.tracking import flows
from tests.factories import NOON, journey
from tests.trades import DOCUMENT

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>"


def save(document=DOCUMENT):
    flows.save(document, now=NOON)
    return flows.models.Flow.objects.get()


def draw(version=1):
    flow_map_picture.forget()
    return FlowView("trade-reporting", version, "UTC").draw(now=timezone.now())


def test_only_the_step_where_something_changed_is_sent_again():
    row = save()
    journey(flow=row, step="accepted")
    before = draw()
    journey(flow=row, step="accepted")

    changed = draw().since(before)["parts"]

    assert set(changed) == {
        "flow-figures", "map-table",
        "across-step-1", "down-step-1", "across-leg-1", "down-leg-1",
    }  # fmt: skip
    assert draw().since(draw()) is None


def test_a_page_of_another_version_is_told_to_come_again():
    save()
    save(DOCUMENT.replace("step: accepted", "step: taken").replace("[accepted]", "[taken]"))

    assert list(draw(version=1).parts) == ["flow-changed"]
    assert "was changed while you looked" in draw(version=1).parts["flow-changed"]
    assert draw(version=2).parts["flow-changed"] == ""


def test_a_flow_that_is_gone_is_no_error():
    assert list(draw().parts) == ["flow-changed"]


@pytest.mark.parametrize("version", ["1", None, [], 2.5])
def test_a_strange_version_is_none(version):
    message = {"subscribe": "flow", "flow": "f", "version": version}
    assert asked_for(message, "UTC") == FlowView("f", 0, "UTC")


def test_news_does_not_hasten_it():
    assert not FlowView("f", 1, "UTC").wants(None, None)


def test_hostile_names_are_text():
    document = DOCUMENT.replace("step: accepted", f"step: '{HOSTILE}'")
    row = save(document.replace("[accepted]", f"['{HOSTILE}']"))
    journey(flow=row, step=HOSTILE)

    html = "".join(draw().parts.values())

    assert HOSTILE not in html
    assert "&lt;script&gt;" in html
