"""A client of Kafka that gives nothing, though there is something, is told from a quiet one."""

import threading

import pytest
from confluent_kafka import KafkaError, KafkaException

from consumers import hearing
from consumers.hearing import DeafError, Hearing

AWAY = KafkaException(KafkaError(KafkaError._TRANSPORT))


class Client:
    """The client that reads, as far as it is asked: it reaches Kafka, or not."""

    def __init__(self) -> None:
        self.asked, self.reaches = 0, True

    def list_topics(self, timeout: float) -> None:
        self.asked += 1
        if not self.reaches:
            raise AWAY


@pytest.fixture
def client():
    return Client()


@pytest.fixture
def at():
    """The time, as [seconds]."""
    return [100.0]


@pytest.fixture
def ear(client, at):
    return Hearing(client, clock=lambda: at[0])


def after(at, seconds=hearing.SILENCE):
    at[0] += seconds


def in_vain(ear, at):
    """Kafka answers as often as it is waited for, and nothing comes."""
    for _ in range(hearing.TRIES):
        after(at)
        ear.check(unread=True)
        ear.check(unread=True)  # just asked: not again at once


def test_nobody_is_asked_while_records_come_or_there_are_none(ear, client, at):
    for _ in range(3):
        after(at)
        ear.heard()
        ear.check(unread=True)
        after(at)
        ear.check(unread=False)
        after(at, hearing.SILENCE - 1)
        ear.check(unread=True)
    assert client.asked == 0


def test_a_client_that_cannot_reach_what_others_reach_is_deaf(ear, client, at):
    client.reaches = False
    after(at)
    with pytest.raises(DeafError, match="not by the client that reads: "):
        ear.check(unread=True)


def test_so_is_one_that_has_no_partition_any_more_and_cannot_reach_them(ear, client, at):
    client.reaches = False
    after(at, hearing.SILENCE - 1)
    ear.check(unread=False, idle=True)
    after(at, 1)
    with pytest.raises(DeafError, match="not by the client that reads: "):
        ear.check(unread=False, idle=True)


def test_a_member_that_is_one_too_many_waits_without_end(ear, client, at):
    for _ in range(3 * hearing.TRIES):
        after(at)
        ear.check(unread=False, idle=True)
    assert client.asked == 3 * hearing.TRIES


def test_a_client_that_reaches_kafka_is_waited_for_but_not_without_end(ear, client, at):
    in_vain(ear, at)
    assert client.asked == hearing.TRIES
    after(at)
    with pytest.raises(DeafError, match="gives none of them"):
        ear.check(unread=True)


def test_what_comes_in_between_begins_the_count_anew(ear, client, at):
    in_vain(ear, at)
    ear.heard()
    after(at)
    ear.check(unread=True)
    assert client.asked == hearing.TRIES + 1


class Ending:
    """A client whose close lasts until it is let go."""

    def __init__(self) -> None:
        self.let_go, self.closed = threading.Event(), threading.Event()

    def close(self) -> None:
        self.let_go.wait(20)
        self.closed.set()


def test_a_client_that_does_not_end_is_left_behind_and_that_is_said(monkeypatch, caplog):
    monkeypatch.setattr(hearing, "END", 0.05)
    one = Ending()
    hearing.end(one)
    assert "is left behind" in caplog.text
    one.let_go.set()
    assert one.closed.wait(20)


def test_one_that_ends_is_waited_for(caplog):
    one = Ending()
    one.let_go.set()
    hearing.end(one)
    assert one.closed.is_set()
    assert caplog.text == ""
