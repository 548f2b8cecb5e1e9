"""The queue of tasks is bounded without a worker; tasks keep the pool of connections."""

import uuid
from types import SimpleNamespace

import pytest
from celery.fixups.django import DjangoWorkerFixup
from django.conf import settings
from django.db import connection
from kombu import Connection
from kombu.exceptions import KombuError, OperationalError
from kombu.utils import functional

from slatrack import celery
from tests.only_on import only_on
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


@only_on("postgresql")  # SQLite has no pool
@pytest.mark.django_db(transaction=True)
def test_a_task_gives_its_connection_back_and_the_pool_is_kept_for_the_next_one():
    of_a_child = DjangoWorkerFixup(celery.app)
    of_a_child.worker = SimpleNamespace(pool_cls="celery.concurrency.prefork:TaskPool")
    task = SimpleNamespace(request=SimpleNamespace(is_eager=False))
    connection.ensure_connection()
    kept = connection.pool
    for of_celery in (of_a_child.on_task_prerun, of_a_child.on_task_postrun):
        of_celery(task)
        celery._give_back(task)

    assert connection.connection is None
    assert connection.pool is kept
    assert not kept.closed


@pytest.mark.django_db
def test_a_task_that_is_called_at_once_keeps_the_connection_of_its_caller():
    connection.ensure_connection()
    celery._give_back(SimpleNamespace(request=SimpleNamespace(is_eager=True)))
    assert connection.connection is not None


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_a_connection_to_redis_that_was_given_up_is_a_broken_one(scheme):
    with Connection(f"{scheme}://127.0.0.1:1/0") as made:
        transport = made.get_transport_cls()
        channel = object.__new__(transport.Channel)
        channel.connection = SimpleNamespace(client=None)

        with pytest.raises(made.connection_errors, match="given up"):
            channel._connparams()
