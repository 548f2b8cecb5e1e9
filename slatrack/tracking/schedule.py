"""What Celery's beat starts for tracking; the settings include it. Imports nothing of Django."""

LOOK_EVERY = 300.0  # seconds

SCHEDULE = {
    "tracking-look-around": {
        "task": "tracking.look_around",
        "schedule": LOOK_EVERY,
        "options": {"expires": 240},
    },
}
