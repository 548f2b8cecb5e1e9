"""Drift found in recorded journeys, added to the document, dismissed."""

from datetime import timedelta

import pytest

from slatrack.domain.spans import Kind
from slatrack.otlp.decoding import Wanted, decode
from slatrack.tracking import drifting, flows, models, proposing, tasks
from slatrack.tracking.discovery_models import Drift
from slatrack.tracking.recorder import record
from tests.spans import NOON, span
from tests.tracking.test_discovering import as_sent
from tests.trades import DOCUMENT, trade

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=1)


def trades(numbers, *, audited=False, skipped=()):
    found = []
    for number in numbers:
        key = f"T{number:03d}"
        own = [one for one in trade(key) if one.name not in {f"{key}-{step}" for step in skipped}]
        if audited:
            extra = span(f"{key}-audit", trace=key, parent=f"{key}-accepted", at=11,
                         kind=Kind.CONSUMER, service="auditor", topic="trades.accepted",
                         attributes={"trade.id": key})  # fmt: skip
            own.append(extra)
        shift = number * 10**9
        found += [one._replace(start=one.start + shift, end=one.end + shift) for one in own]
    wanted = Wanted(flows.current().wanted)
    record(decode(as_sent(found), wanted=wanted, now=LATER).spans, now=LATER)


@pytest.fixture
def flow():
    flows.save(DOCUMENT.split("deadlines:")[0], now=NOON)
    trades(range(30))
    return models.Flow.objects.get()


def test_a_new_consumer_is_found_added_and_then_no_difference_any_more(flow):
    trades(range(30, 50), audited=True)

    [one] = drifting.look(flow.name, now=LATER)
    assert (one.place.service, one.place.topic, one.share) == ("auditor", "trades.accepted", 1.0)
    assert (one.before, one.journeys, one.after) == (30, 20, "enriched")

    text = proposing.document_with_step(flow, one.ident)
    assert text.splitlines()[-1] == (
        "  - {step: auditor, optional: true, match: {service: auditor, kind: consumer,"
        " topic: trades.accepted}, after: [enriched]}"
    )
    flows.save(text, now=LATER)
    assert drifting.look(flow.name, now=LATER) == []
    assert proposing.document_with_step(flow, one.ident) is None


def test_a_step_is_added_before_what_follows_the_steps():
    flows.save(DOCUMENT, now=NOON)
    trades(range(30))
    trades(range(30, 50), audited=True)
    flow = models.Flow.objects.get()
    [one] = drifting.look(flow.name, now=LATER)

    lines = proposing.document_with_step(flow, one.ident).splitlines()

    assert "auditor" in lines[lines.index("deadlines:") - 1]


def test_a_step_that_is_gone_is_found(flow):
    trades(range(30, 45), skipped=["enriched"])

    [one] = drifting.look(flow.name, now=LATER)

    assert (one.step, one.journeys, one.share_before) == ("enriched", 15, 1.0)
    assert proposing.document_with_step(flow, one.ident) is None


def test_a_flow_as_its_document_says_has_no_difference(flow):
    assert drifting.look(flow.name, now=LATER) == []
    assert Drift.objects.get().journeys == 30


def test_beat_looks_at_each_flow_once_in_a_while(flow):
    tasks.look_around()
    first = Drift.objects.get().at
    tasks.look_around()

    assert Drift.objects.get().at == first


def test_one_flow_that_fails_stops_no_other(flow, caplog):
    flows.save(
        "flow: other\nevent_key: [x.id]\nsteps: [{step: a, match: {kind: server}}]", now=NOON
    )
    models.Journey.objects.filter(key="T001").update(parts=b"\xc1")

    drifting.look_at_all(now=LATER)

    assert list(Drift.objects.values_list("flow__name", flat=True)) == ["other"]
    assert "could not be found" in caplog.text
