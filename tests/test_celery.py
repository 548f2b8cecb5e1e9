"""The queue of tasks is bounded: without a worker it takes no more memory than so much."""

import uuid

import pytest
from django.conf import settings
from kombu.exceptions import KombuError, OperationalError
from kombu.utils import functional

from slatrack import celery
from tests.servers.process import free_port


def bounded(broker):
    made = celery.Bounded(f"test {uuid.uuid4()}", broker=broker, set_as_current=False)
    made.conf.task_default_queue = f"queue {uuid.uuid4()}"
    made.conf.task_publish_retry_policy = settings.CELERY_TASK_PUBLISH_RETRY_POLICY
    return made


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.servers)])
def app(request, monkeypatch):
    monkeypatch.setattr(celery, "MOST", 5)
    monkeypatch.setattr(celery, "LOOK_EVERY", 0.0)
    redis = request.param == "redis"
    made = bounded(request.getfixturevalue("redis_url") if redis else "memory://")
    yield made
    made.close()


def waiting(app):
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue(app.conf.task_default_queue)
        return queue.qsize()


def take(app):
    with app.connection_for_read() as connection:
        connection.SimpleQueue(app.conf.task_default_queue).get(timeout=1).ack()


def test_what_nobody_takes_is_refused_and_goes_on_once_a_worker_does(app):
    for number in range(5):
        app.send_task("anything", [number])

    with pytest.raises(KombuError, match="5 tasks wait for a worker"):
        app.send_task("anything", [5])
    take(app)
    app.send_task("anything", [6])

    assert waiting(app) == 5


def test_what_beat_repeats_is_left_out(app, caplog):
    for number in range(9):
        app.send_task("sweep", [number], headers={"celery_beat_task": True})

    assert waiting(app) == 5
    assert "sweep is not sent" in caplog.text


def test_a_broker_that_is_away_holds_nobody_up_longer_than_sending_itself(monkeypatch):
    pauses = []
    monkeypatch.setattr(functional, "sleep", pauses.append)
    away = bounded(f"redis://127.0.0.1:{free_port()}/0")

    with pytest.raises(OperationalError):
        away.send_task("anything")

    assert sum(pauses) < 1
