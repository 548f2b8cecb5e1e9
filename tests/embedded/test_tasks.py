import threading

import pytest

from slatrack.celery import app
from slatrack.embedded import tasks


@pytest.fixture
def done():
    """Set once a task of these tests was carried out."""
    found = threading.Event()

    @app.task(name="tests.embedded", ignore_result=True)
    def task():
        found.set()

    yield found
    app.tasks.unregister("tests.embedded")


@pytest.fixture
def worker():
    stop = threading.Event()
    thread = threading.Thread(target=tasks.run_worker, args=(stop,), daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.parametrize("countdown", [None, 0.1])
def test_the_worker_in_this_process_carries_out_what_it_is_sent(worker, done, countdown):
    app.send_task("tests.embedded", countdown=countdown)

    assert done.wait(10)
