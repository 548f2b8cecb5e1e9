import json
import threading
from datetime import datetime, timedelta

import pytest

from slatrack.alerting import delivering, outbox, pausing, routing
from slatrack.alerting.models import Attempt, Channel, Delivery
from slatrack.alerting.sending.letters import Outcome, Reply
from tests import factories as make
from tests.alerting import receivers
from tests.alerting.told import DUE, NOW, channel, event, missed, route, told, warned

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


class Clock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def pending(receiver, name="desk", **fields):
    """Return a delivery to a receiver, of an event that missed its deadline."""
    target = channel(name, config={"url": receiver.url, "timeout_s": 2.0}, **fields)
    route(missed(event()))
    return Delivery.objects.get(channel=target)


def test_what_the_receiver_said_is_kept(loopback, clock):
    with receivers.web((202, {}, b"accepted")) as receiver:
        row = pending(receiver)
        clock.now += SECOND
        assert delivering.deliver(row.pk, clock=clock)

    row.refresh_from_db()
    assert (row.state, row.delivered_at, row.attempts) == ("sent", clock.now, 1)
    attempt = Attempt.objects.get()
    assert (attempt.ok, attempt.status, attempt.excerpt) == (True, "202", "accepted")
    assert row.channel.last_success_at == clock.now


def test_a_delivery_is_not_sent_twice(loopback, clock):
    with receivers.web() as receiver:
        row = pending(receiver)

        assert delivering.deliver(row.pk, clock=clock)
        assert not delivering.deliver(row.pk, clock=clock)

    assert len(receiver.got) == 1


def test_two_workers_do_not_attempt_the_same_at_once(loopback):
    with receivers.web() as receiver:
        row = pending(receiver)

    assert outbox.claim(row.pk, now=NOW) is not None
    assert outbox.claim(row.pk, now=NOW) is None
    assert outbox.claim_next(row.channel_id, now=NOW) is None


def test_a_worker_that_died_loses_its_claim(loopback):
    with receivers.web() as receiver:
        row = pending(receiver)
    outbox.claim(row.pk, now=NOW)

    again = outbox.claim(row.pk, now=NOW + outbox.LEASE + SECOND)

    assert again is not None
    assert again.attempts == 2


def test_attempts_are_repeated_with_the_same_id_and_body(loopback, clock):
    with receivers.web((500, {}, b"no"), (200, {}, b"yes")) as receiver:
        row = pending(receiver)
        delivering.deliver(row.pk, clock=clock)
        row.refresh_from_db()
        assert (row.state, row.next_attempt_at) == ("pending", NOW + outbox.FIRST_WAIT)
        assert not delivering.deliver(row.pk, clock=clock)

        clock.now = row.next_attempt_at
        delivering.deliver(row.pk, clock=clock)

    row.refresh_from_db()
    assert row.state == "sent"
    (first, body), (second, again) = receiver.got
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    assert json.loads(body)["data"]["rung"] == "missed"


def test_waits_double_up_to_an_hour_and_end_after_a_day(loopback, clock):
    assert [outbox.wait_after(n).total_seconds() for n in (1, 2, 3, 20)] == [5, 10, 20, 3600]
    with receivers.web((500, {}, b"")) as receiver:
        row = pending(receiver)
        clock.now += outbox.GIVE_UP_AFTER
        delivering.deliver(row.pk, clock=clock)

    row.refresh_from_db()
    assert (row.state, row.reason) == (
        "failed",
        "given up after 1 attempts: the receiver answered 500",
    )


def test_retry_after_is_honoured(loopback, clock):
    with receivers.web((429, {"Retry-After": "120"}, b"")) as receiver:
        row = pending(receiver)
        delivering.deliver(row.pk, clock=clock)

    row.refresh_from_db()
    assert row.next_attempt_at == NOW + timedelta(seconds=120)


def test_a_refusal_is_final_and_says_what_to_do(allow, clock):
    with receivers.web() as receiver:
        row = pending(receiver)
        delivering.deliver(row.pk, clock=clock)

    row.refresh_from_db()
    assert row.state == "failed"
    assert "SLATRACK_ALERT_ALLOWED_NETWORKS" in row.reason
    assert receiver.got == []


def test_a_warning_whose_time_has_passed_expires(loopback, clock):
    with receivers.web() as receiver:
        channel(config={"url": receiver.url})
        route(warned(event()), now=DUE - SECOND)
        clock.now = DUE
        row = Delivery.objects.get()

        assert not delivering.deliver(row.pk, clock=clock)

    row.refresh_from_db()
    assert (row.state, receiver.got) == ("expired", [])


def test_what_is_superseded_while_it_is_sent_is_not_sent_again(loopback):
    with receivers.web() as receiver:
        row = pending(receiver)
    claimed = outbox.claim(row.pk, now=NOW)
    Delivery.objects.update(state="superseded")

    failed = Reply(Outcome.RETRY, error="no")
    outbox.finish(claimed, failed, started_at=NOW, now=NOW)

    assert told(state="superseded") == ["opened missed"]


def test_one_task_sends_all_that_is_due_for_its_channel(loopback, clock):
    with receivers.web() as receiver:
        channel(config={"url": receiver.url})
        for step in ("accepted", "enriched", "routed"):
            missed(event(step=step))
        routing.take_up(None, now=NOW)

        delivering.deliver(Delivery.objects.earliest("id").pk, clock=clock)

    assert len(receiver.got) == 3
    assert told(state="pending") == []


def test_a_receiver_that_hangs_delays_no_other_channel(loopback, clock):
    with receivers.web() as hanging, receivers.web() as quick:
        hanging.hangs = threading.Event()
        stuck = channel("stuck", config={"url": hanging.url, "timeout_s": 0.3})
        fine = channel("fine", config={"url": quick.url})
        for step in ("accepted", "enriched"):
            missed(event(step=step))
        routing.take_up(None, now=NOW)
        outbox.claim(stuck.deliveries.earliest("id").pk, now=NOW)  # one worker hangs on it

        assert not delivering.deliver(stuck.deliveries.latest("id").pk, clock=clock)
        assert delivering.deliver(fine.deliveries.earliest("id").pk, clock=clock)

    assert (len(hanging.got), len(quick.got)) == (0, 2)


def test_a_time_out_holds_up_the_rest_of_its_channel_only_shortly(loopback, clock):
    with receivers.web() as receiver:
        receiver.hangs = threading.Event()
        channel(config={"url": receiver.url, "timeout_s": 0.2})
        for step in ("accepted", "enriched"):
            missed(event(step=step))
        routing.take_up(None, now=NOW)

        delivering.deliver(Delivery.objects.earliest("id").pk, clock=clock)

    waits = Delivery.objects.values_list("next_attempt_at", flat=True)
    assert set(waits) == {NOW + outbox.FIRST_WAIT}
    assert len(receiver.got) == 1


def test_a_receiver_that_is_gone_pauses_its_channel_and_the_others_hear_of_it(loopback, clock):
    with receivers.web((410, {}, b"")) as receiver:
        channel("pager")
        row = pending(receiver, "desk")
        delivering.deliver(row.pk, clock=clock)

    desk = Channel.objects.get(name="desk")
    assert desk.paused_at == NOW
    [news] = Delivery.objects.filter(news="paused")
    assert news.channel.name == "pager"
    assert "“desk” was paused" in news.message["data"]["sentence"]


def test_a_paused_channel_is_recorded_as_not_reached_until_it_is_resumed(loopback, clock):
    desk = channel("desk", paused_at=NOW, paused_reason="410 Gone")
    route(missed(event()))
    assert told(state="failed") == ["opened missed"]
    assert Delivery.objects.get().reason == "channel paused: 410 Gone"

    assert pausing.resume(desk.pk)
    assert not pausing.resume(desk.pk)

    missed(event(flow=make.flow("payments")))
    routing.take_up(None, now=NOW)
    assert told(state="pending") == ["opened missed"]


def test_a_test_message_returns_the_reply_as_it_came(loopback, clock):
    with receivers.web((418, {}, b"I'm a teapot")) as receiver:
        reply = delivering.test_channel(channel(config={"url": receiver.url}), clock=clock)

    assert (reply.status, reply.excerpt) == ("418", "I'm a teapot")
    row = Delivery.objects.get()
    assert (row.news, row.state, row.reason) == ("test", "failed", "a test is not repeated")
    assert row.tries.count() == 1


def test_a_test_works_for_a_channel_that_is_off(loopback, clock):
    with receivers.web() as receiver:
        off = channel(enabled=False, config={"url": receiver.url})
        assert delivering.test_channel(off, clock=clock).ok


def test_a_delivery_can_be_replayed_under_its_id(loopback, clock):
    with receivers.web() as receiver:
        row = pending(receiver)
        assert not outbox.replay(row.pk, now=NOW)
        delivering.deliver(row.pk, clock=clock)

        assert outbox.replay(row.pk, now=NOW)
        delivering.deliver(row.pk, clock=clock)

    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert len(receiver.got) == 2
