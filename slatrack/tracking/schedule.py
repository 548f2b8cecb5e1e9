"""What Celery's beat starts for tracking; the settings include it. Imports nothing of Django."""

LOOK_EVERY = 300.0  # seconds
KEEP_HOUSE_EVERY = 60.0  # seconds
TEND_EVERY = 15.0  # seconds

SCHEDULE = {
    "tracking-tend-backtests": {
        "task": "tracking.tend_backtests",
        "schedule": TEND_EVERY,
        "options": {"expires": 10},
    },
    "tracking-look-at-shadows": {
        "task": "tracking.look_at_shadows",
        "schedule": TEND_EVERY,
        "options": {"expires": 10},
    },
    "tracking-keep-house": {
        "task": "tracking.keep_house",
        "schedule": KEEP_HOUSE_EVERY,
        "options": {"expires": 50},
    },
    "tracking-look-around": {
        "task": "tracking.look_around",
        "schedule": LOOK_EVERY,
        "options": {"expires": 240},
    },
}
