"""The Celery application: `celery -A slatrack.celery worker`."""

import logging
import os
import time
from typing import Any

from celery import Celery, Task
from celery.signals import task_postrun, task_prerun
from django.db import close_old_connections
from kombu.exceptions import OperationalError
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slatrack.settings")

logger = logging.getLogger(__name__)

MOST = 1_000  # messages that wait for workers
LOOK_EVERY = 1.0  # seconds


class Full(OperationalError):
    """So many messages wait that one more would only take memory: no worker keeps up, or runs."""


class Bounded(Celery):  # type: ignore[misc]
    """Celery whose queue does not grow without end while no worker runs.

    What a message would have asked for is a row, which a sweep finds: none of them is needed.
    Looked at is once a second, so a process may send what a second brings beyond MOST.
    """

    looked_at, waiting = 0.0, 0

    def send_task(self, name: str, *args: Any, **options: Any) -> Any:
        """Send a task. Raises Full; what beat repeats anyway is left out instead."""
        if self._count() < MOST:
            return super().send_task(name, *args, **options)
        said = f"{self.waiting:,} tasks wait for a worker: is one running?"
        if not (options.get("headers") or {}).get("celery_beat_task"):
            raise Full(said)
        logger.warning("%s is not sent: %s", name, said)
        return None

    def _count(self) -> int:
        now = time.monotonic()
        if now - self.looked_at >= LOOK_EVERY:
            self.waiting, self.looked_at = self._ask(), now
        return self.waiting

    def _ask(self) -> int:
        with self.pool.acquire(block=True) as held:
            held.ensure_connection(**self.conf.task_publish_retry_policy)  # as sending itself does
            channel = held.default_channel
            try:
                return int(channel.queue_declare(self.conf.task_default_queue, passive=True)[1])
            except held.channel_errors:  # nothing was ever sent
                return 0
            except held.connection_errors as exc:
                raise OperationalError(str(exc)) from exc


TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), "slatrack.broker:Transport"))
app = Bounded("slatrack")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["slatrack.tracking", "slatrack.alerting", "consumers"])


@task_prerun.connect  # type: ignore[untyped-decorator]
@task_postrun.connect  # type: ignore[untyped-decorator]
def _give_back(sender: Task, **_: Any) -> None:
    """Give connections back to their pool, which hands out none that is broken.

    By itself Celery closes the whole pool of a child process before and after each task
    (https://github.com/celery/celery/issues/10554); CELERY_DB_REUSE_MAX keeps it from that.
    """
    if not sender.request.is_eager:
        close_old_connections()
