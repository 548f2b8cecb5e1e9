"""Discovery on the database: parked spans in, a flow out, and the parked spans join it."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import Sum
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from slatrack.domain.discovery.finding import KNOWN
from slatrack.domain.spans import Span
from slatrack.otlp.decoding import Wanted, decode
from slatrack.tracking import discovering, flows, models, proposing, rematching
from slatrack.tracking.discovery_models import Discovery, Rematch, Work
from slatrack.tracking.recorder import record
from slatrack.tracking.unbound_sample import sample
from tests.domain.discovery.world import World
from tests.otlp import build
from tests.spans import NOON

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(minutes=5)


def clock():
    return LATER


def as_sent(spans: list[Span]) -> bytes:
    """The spans as their services would export them."""
    request = ExportTraceServiceRequest()
    for one in spans:
        attributes = dict(one.attributes)
        if one.topic:
            attributes |= {"messaging.destination.name": one.topic, "messaging.system": "kafka"}
        if one.offset is not None:
            attributes |= {
                "messaging.kafka.offset": one.offset,
                "messaging.destination.partition.id": str(one.partition),
            }
        links = [build.link(link.trace_id, link.span_id) for link in one.links]
        made = build.span(
            one.name, attributes, trace_id=one.trace_id, span_id=one.span_id,
            parent_span_id=one.parent_id, kind=one.kind, start_time_unix_nano=one.start,
            end_time_unix_nano=one.end, links=links,
        )  # fmt: skip
        entry = build.resource_spans(made, resource={"service.name": one.service})
        request.resource_spans.append(entry)
    return request.SerializeToString()


def park(world: World, *, batch: int = 100) -> int:
    """Record a world that no flow knows; return the number of its spans."""
    wanted = Wanted(flows.current().wanted)
    spans = decode(as_sent(world.spans()), wanted=wanted, now=LATER).spans
    for start in range(0, len(spans), batch):
        record(spans[start : start + batch], now=NOON + timedelta(seconds=start))
    return len(spans)


def test_parked_spans_become_a_flow_whose_journeys_they_are():
    world = World(events=20, noise=10)
    park(world)

    look = discovering.look_now(clock=clock)
    [proposal] = discovering.findings(look).proposals
    [change] = flows.save(proposing.proposed_document(proposal.ident), now=LATER)
    done = rematching.match_now(clock=clock)

    assert [(s.place.service, s.place.what) for s in proposal.steps] == world.places
    assert (change.flow, change.action) == ("orders", "added")
    assert models.Journey.objects.filter(status="done").count() == 20
    assert (done.state, done.joined, done.done) == (Work.State.DONE, 20, 40)
    assert models.Trace.objects.filter(bound=True).count() == 20
    assert not models.Source.objects.exists()


def test_matching_again_twice_changes_nothing_and_keeps_every_raw_span():
    total = park(World(events=8, noise=5))
    look = discovering.look_now(clock=clock)
    [proposal] = discovering.findings(look).proposals
    flows.save(proposing.proposed_document(proposal.ident), now=LATER)

    rematching.match_now(clock=clock)
    before = list(models.Journey.objects.order_by("id").values())
    again = rematching.match_now(clock=clock)

    assert list(models.Journey.objects.order_by("id").values()) == before
    assert again.joined == 0
    assert models.Trace.objects.aggregate(n=Sum("spans"))["n"] == total


def test_only_what_is_parked_is_looked_at():
    park(World(events=8, noise=0))
    look = discovering.look_now(clock=clock)
    [proposal] = discovering.findings(look).proposals
    flows.save(proposing.proposed_document(proposal.ident), now=LATER)
    rematching.match_now(clock=clock)

    again = discovering.look_now(clock=clock)

    assert (again.spans, discovering.findings(again).proposals) == (0, ())


def test_what_a_flow_has_as_a_step_is_no_other_flow_but_says_why():
    park(World(events=8, noise=0, keyed=frozenset()))
    look = discovering.look_now(clock=clock)
    [proposal] = discovering.findings(look).proposals
    text = proposing.proposed_document(proposal.ident)
    flows.save(
        text.replace("{trace: true}", "order.id").replace("{message: ", "{header: "), now=LATER
    )

    found = discovering.findings(discovering.look_now(clock=clock))

    assert found.proposals == ()
    assert KNOWN in {one.why for one in found.left_out}


def test_the_sample_is_bounded_and_takes_what_hands_messages_on_first():
    park(World(events=30, noise=200))

    taken = sample(now=LATER, most=50)

    assert taken.parked == 430
    assert 0 < len(taken.spans) <= 60
    assert any(span.topic for span in taken.spans)
    assert "http.route" not in {n for s in taken.spans for n in s.attributes if s.name == "noise"}


def test_old_spans_are_left_alone():
    park(World(events=8))

    assert sample(now=NOON + timedelta(hours=7), within=timedelta(hours=1)).spans == []


def test_a_look_asked_for_twice_is_one():
    assert discovering.ask(now=NOON) == discovering.ask(now=NOON)
    assert Discovery.objects.count() == 1


def test_a_look_whose_worker_died_is_forgotten():
    first = discovering.ask(now=NOON)

    assert discovering.ask(now=NOON + timedelta(minutes=10)) != first


def test_beat_looks_only_when_there_is_something_new():
    assert not discovering.is_due(now=LATER)
    park(World(events=5))
    assert discovering.is_due(now=LATER)

    discovering.look_now(clock=clock)
    assert not discovering.is_due(now=LATER)
    assert not discovering.is_due(now=LATER + timedelta(hours=1))


def test_what_fails_says_why(monkeypatch):
    park(World(events=5))
    row = discovering.ask(now=NOON)
    models.Trace.objects.update(state=b"\xc1 damaged")

    discovering.look(row, clock=clock)

    row.refresh_from_db()
    assert row.state == Work.State.FAILED
    assert row.problem


def test_old_looks_do_not_pile_up():
    for _ in range(9):
        discovering.look_now(clock=clock)

    assert Discovery.objects.count() == 5


def test_a_proposal_gets_a_name_that_no_flow_has():
    park(World(events=8))
    look = discovering.look_now(clock=clock)
    [proposal] = discovering.findings(look).proposals
    text = proposing.proposed_document(proposal.ident)
    flows.save(text.replace("order.id", "other.id"), now=NOON)

    assert proposing.proposed_document(proposal.ident).startswith("flow: orders-2\n")
    assert proposing.proposed_document("gone") is None


def test_the_commands():
    park(World(events=8))
    out, told = StringIO(), StringIO()

    call_command("discover_flows", within="PT48000H", stdout=out, stderr=told)
    flows.save(out.getvalue(), now=LATER)
    call_command("match_parked", within="PT48000H", stdout=told)

    assert "1 proposed from" in told.getvalue()
    assert "8 of 128 parked traces belong to events now" in told.getvalue()
    assert models.Flow.objects.get().name == "orders"
    assert Rematch.objects.get().state == Work.State.DONE
