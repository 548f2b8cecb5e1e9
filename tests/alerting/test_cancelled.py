"""An event that is cancelled needs nobody any more: from its spans to the end of the incident."""

from datetime import timedelta

import pytest

from slatrack.alerting import routing, sweeping
from slatrack.alerting.models import Delivery, Incident
from slatrack.tracking import flows
from tests.alerting.told import channel
from tests.bonds import after, sent, settle, store

pytestmark = pytest.mark.django_db

TRADES = """\
flow: trades
event_key: [trade.id]
steps:
  - {step: received, role: ingress, match: {service: gateway}}
  - {step: reported, role: sink, match: {service: sink}, after: [received]}
  - {step: busted, role: cancel, match: {service: desk}}
deadlines:
  - deadline: in ten minutes
    rule: {kind: duration, from: ingress, amount: PT10M, warn: [{before: PT5M}]}
    until: reported
"""


@pytest.fixture(autouse=True)
def in_force():
    flows.save(TRADES, now=after(-86400))
    channel()
    store([sent("in", "gateway", trade__id="T")], at=5)


@pytest.mark.parametrize("told_at", [301, 601])  # warned, or missed as well
def test_its_incident_ends(told_at):
    settle(told_at)
    routing.take_up(None, now=after(told_at))
    assert Incident.objects.get().open_events == 1

    store([sent("bust", "desk", "client", at=20, trade__id="T")], at=told_at + 1)
    routing.take_up(None, now=after(told_at + 1))
    sweeping.sweep(now=after(told_at + 1))
    assert Incident.objects.get().open_events == 0

    sweeping.sweep(now=after(told_at + 10) + timedelta(minutes=5))
    assert Incident.objects.get().state == "resolved"


def test_a_warning_that_was_not_sent_yet_is_not_sent():
    settle(301)
    routing.take_up(None, now=after(301))
    store([sent("bust", "desk", "client", at=20, trade__id="T")], at=302)
    routing.take_up(None, now=after(302))
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason) == ("superseded", "cancelled meanwhile")
