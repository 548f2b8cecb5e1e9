"""The Celery application: `celery -A slatrack.celery worker`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slatrack.settings")

app = Celery("slatrack")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["slatrack.tracking", "slatrack.alerting", "consumers"])
