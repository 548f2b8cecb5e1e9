import pytest
import yaml
from django.conf import settings

from slatrack.alerting.models import Channel
from slatrack.tracking import flows
from slatrack.tracking.models import SetAside
from slatrack.tracking.recorder import record
from tests.dashboards.signed_in import client
from tests.factories import NOON, minutes
from tests.spans import span
from tests.trades import DOCUMENT, trade

pytestmark = pytest.mark.django_db


def ticked(browser):
    checks = browser.get("/first-run/").context["checks"]
    return [check.name for check in checks if check.done]


def test_the_list_ticks_itself():
    browser = client("admin")
    assert ticked(browser) == []

    flows.save(DOCUMENT.split("deadlines:")[0], now=NOON)
    assert ticked(browser) == ["flow"]

    record([span("noise")], now=NOON)
    assert ticked(browser) == ["spans", "flow"]
    assert "none has an event key" in browser.get("/first-run/").content.decode()

    record(trade("T1"), now=NOON + minutes(1))
    assert ticked(browser) == ["spans", "flow", "journey"]

    flows.save(DOCUMENT, now=NOON)
    Channel.objects.create(name="desk", kind="email", created_at=NOON)
    assert ticked(browser) == ["spans", "flow", "journey", "deadline", "channel"]
    assert "All is set" in browser.get("/first-run/").content.decode()


def test_spans_that_cannot_be_read_are_named():
    SetAside.objects.create(source="http", reason="x", size=1, data=b"x", at=NOON)

    assert "1 records were set aside" in client("viewer").get("/first-run/").content.decode()


@pytest.mark.parametrize("brokers", ["", "kafka-1:9092"])
def test_the_collector_configuration_is_for_this_installation(monkeypatch, brokers):
    monkeypatch.setattr(settings.SLATRACK, "kafka_brokers", brokers)

    page = client("viewer").get("/first-run/")

    collector = yaml.safe_load(page.context["collector"])
    [exporter] = collector["service"]["pipelines"]["traces"]["exporters"]
    target = collector["exporters"][exporter]
    if brokers:
        assert target["brokers"] == [brokers]
        assert target["traces"] == {"topic": "otlp_spans", "encoding": "otlp_proto"}
    else:
        assert target["endpoint"] == "http://testserver"


def test_the_refresh_brings_the_checks_alone():
    answer = client("viewer").get("/first-run/", headers={"HX-Request": "true"})

    assert answer.content.decode().lstrip().startswith('<div id="checks"')
