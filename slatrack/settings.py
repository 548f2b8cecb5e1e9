"""Django's settings. Values that differ between installations come from `environment`."""

import sys
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from slatrack import databases, logs, secret_key
from slatrack.alerting import schedule as alerting_schedule
from slatrack.environment import Environment
from slatrack.tracking import schedule as tracking_schedule

BASE_DIR = Path(__file__).resolve().parent.parent
SLATRACK = Environment.read()
if SLATRACK.embedded:
    SLATRACK.data_dir.mkdir(parents=True, exist_ok=True)

# Without a key a server installation does not start: operations.checks says what to do.
SECRET_KEY = SLATRACK.secret_key or (
    secret_key.kept_in(SLATRACK.data_dir) if SLATRACK.embedded else "missing"
)
DEBUG = SLATRACK.debug
ALLOWED_HOSTS = SLATRACK.hosts

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "django_htmx",
    "ninja",
    "slatrack.tracking",
    "slatrack.alerting",
    "dashboards",
    "consumers",
    "slatrack.operations",
    "slatrack.demo",
    "slatrack.bench",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "dashboards.middleware.StaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "dashboards.middleware.NulMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dashboards.middleware.ZoneMiddleware",
]

ROOT_URLCONF = "slatrack.urls"
ASGI_APPLICATION = "slatrack.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboards.frame.frame",
            ]
        },
    }
]
DATABASES: dict[str, Any] = {
    "default": databases.sqlite(SLATRACK.data_dir)
    if SLATRACK.embedded
    else databases.postgresql(SLATRACK.database_url, pool=SLATRACK.database_pool)
}
CHANNEL_LAYERS: dict[str, Any] = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [SLATRACK.redis_url], "prefix": "slatrack"},
    }
    if SLATRACK.redis_url
    else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": SLATRACK.redis_url,
        "KEY_PREFIX": "slatrack",
    }
    if SLATRACK.redis_url
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# A task may run twice, never zero times: it is acknowledged when done. The database is the outbox,
# so a lost broker loses nothing: the sweep finds what was not carried out.
CELERY_BROKER_URL = SLATRACK.redis_url or "memory://localhost/"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # however long it is away, who waits for it ends not
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {"global_keyprefix": "slatrack:", "visibility_timeout": 3600, "socket_connect_timeout": 3}
    if SLATRACK.redis_url
    else {"polling_interval": 0.05}
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Never: `slatrack.celery` gives connections back. Else each task opens a pool of its own.
CELERY_DB_REUSE_MAX = sys.maxsize
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = alerting_schedule.SCHEDULE | tracking_schedule.SCHEDULE

LOGGING = logs.configuration(
    level=SLATRACK.log_level,
    form=SLATRACK.log_format,
    embedded=SLATRACK.embedded,
    environment=SLATRACK.environment_name,
)

# Nothing from elsewhere, nothing inline. Attributes of spans are shown as text and nothing else.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SLATRACK.https
SESSION_COOKIE_AGE = 12 * 3600  # seconds: a working day
CSRF_TRUSTED_ORIGINS = [SLATRACK.public_url.rstrip("/")] if SLATRACK.public_url else []
SECURE_SSL_REDIRECT = SLATRACK.https
# Probes and senders inside the network speak plain HTTP to the process itself.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$", r"^v1/(traces|logs)$"]
SECURE_HSTS_SECONDS = SLATRACK.hsts_seconds if SLATRACK.https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SLATRACK.behind_proxy else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Whether other hosts of the domain speak HTTPS is not ours to promise.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-gb"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "dashboards.finders.PlotlyFinder",
]
STATIC_ROOT = None if SLATRACK.embedded else BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = SLATRACK.embedded  # otherwise `collectstatic` has run, with hashed names
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if SLATRACK.embedded
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "board"
LOGOUT_REDIRECT_URL = "sign-in"
