"""The settings under test: slatrack's own, in a folder of their own, with nothing of the user's."""

import atexit
import os
import shutil
import tempfile
from urllib.parse import urlsplit

KEPT = {"SLATRACK_DATABASE_URL", "SLATRACK_REDIS_URL"}  # so the suite can run on real servers

for name in [n for n in os.environ if n.startswith("SLATRACK_") and n not in KEPT]:
    if not name.startswith(("SLATRACK_TEST_", "SLATRACK_CI")):
        del os.environ[name]
os.environ["SLATRACK_DATA_DIR"] = tempfile.mkdtemp(prefix="slatrack-test-")
atexit.register(shutil.rmtree, os.environ["SLATRACK_DATA_DIR"], ignore_errors=True)

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
if WORKER and os.environ.get("SLATRACK_REDIS_URL"):  # each a database of its own
    own = f"/{int(WORKER.removeprefix('gw')) + 1}"
    os.environ["SLATRACK_REDIS_URL"] = (
        urlsplit(os.environ["SLATRACK_REDIS_URL"])._replace(path=own).geturl()
    )

from slatrack.settings import *  # noqa: E402, F403
from slatrack.settings import CHANNEL_LAYERS, DATABASES, SLATRACK, STORAGES  # noqa: E402

if WORKER and "CONFIG" in CHANNEL_LAYERS["default"]:  # what is published knows no databases
    CHANNEL_LAYERS["default"]["CONFIG"]["prefix"] = WORKER
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if not SLATRACK.database_url:
    DATABASES["default"]["OPTIONS"]["init_command"] = (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF"
    )
    # Tables from the models, which saves each process of the suite seconds; the suite on PostgreSQL
    # makes them by the migrations, which lead to the same ones: tests/test_project.py.
    DATABASES["default"]["TEST"] = {
        "NAME": str(SLATRACK.data_dir / "test.sqlite3"),
        "MIGRATE": False,
    }
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True  # files are looked up when asked for, not listed for each test client
