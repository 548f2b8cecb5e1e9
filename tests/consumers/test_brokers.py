"""Who asks Kafka for the ends of logs learns that it is gone, and that it is back."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from consumers import brokers as brokers_module
from consumers.brokers import Brokers

PATIENCE = 40.0  # seconds


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def brokers(mock_brokers):
    return mock_brokers


def test_kafka_that_goes_away_lets_the_watermark_stand_and_is_welcome_back(
    brokers, monkeypatch, caplog
):
    caplog.set_level("INFO")
    monkeypatch.setattr(brokers_module, "PATIENCE", 0.2)
    places = [("t", 0)]
    known = Brokers({"bootstrap.servers": brokers, "log_level": 0})
    monkeypatch.setattr(brokers_module, "ASK_EVERY", timedelta(0))

    def ask(until):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found, asked_at = known.ends(places, now=now())
            if until(found):
                return found, asked_at
        raise AssertionError("no answer")

    Producer({"bootstrap.servers": brokers, "log_level": 0}).list_topics("t", timeout=10)
    found, asked_at = ask(lambda found: found)
    assert found == {("t", 0): 0}
    caplog.clear()  # on a busy machine the first answer may come late

    reachable = known._admin
    away = known._admin = AdminClient({"bootstrap.servers": "127.0.0.1:1", "log_level": 0})
    ask(lambda found: known.reachable is False)

    known._admin = reachable
    assert ask(lambda found: found)[1] > asked_at
    assert away is not reachable
    assert caplog.text.count("Kafka cannot be reached") == 1
    assert caplog.text.count("Kafka can be reached again") == 1


def test_who_asks_for_ends_asks_with_another_client_once_this_one_gets_no_answer(
    brokers, monkeypatch
):
    """One that has forgotten all brokers never gets any again (test_forgotten_brokers)."""
    monkeypatch.setattr(brokers_module, "PATIENCE", 0.2)
    monkeypatch.setattr(brokers_module, "ASK_EVERY", timedelta(0))
    Producer({"bootstrap.servers": brokers, "log_level": 0}).list_topics("t", timeout=10)
    known = Brokers({"bootstrap.servers": brokers, "log_level": 0})
    lost = known._admin = AdminClient({"bootstrap.servers": "127.0.0.1:1", "log_level": 0})
    late = timedelta(0)

    def ask(until):
        end = time.monotonic() + PATIENCE
        while not until(known.ends([("t", 0)], now=now() + late)[0]):
            assert time.monotonic() < end, "no answer"

    ask(lambda _: known.reachable is False)
    assert known._admin is lost
    late = brokers_module.ANEW_AFTER
    ask(lambda found: found == {("t", 0): 0})
    assert known.reachable
