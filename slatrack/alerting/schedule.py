"""What Celery's beat starts for alerting; the settings include it. Imports nothing of Django."""

SWEEP_EVERY = 5.0  # seconds

SCHEDULE = {
    "alerting-sweep": {
        "task": "alerting.sweep",
        "schedule": SWEEP_EVERY,
        "options": {"expires": 10},
    },
}
