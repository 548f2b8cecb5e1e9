"""A PostgreSQL URL becomes Django's settings, with nothing of it lost."""

import pytest

from slatrack import databases


def test_every_part_of_a_url_arrives():
    url = "postgresql://me:p%40ss@db.example:6543/journeys?sslmode=verify-full&sslrootcert=/ca.pem"

    made = databases.postgresql(url, pool=4)

    pool = made["OPTIONS"].pop("pool")
    assert pool["max_size"] == 4
    assert made == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "journeys",
        "USER": "me",
        "PASSWORD": "p@ss",
        "HOST": "db.example",
        "PORT": "6543",
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **databases.VANISHED,
            "options": f"{databases.ABANDONED} {databases.INDEXED}",
            "sslmode": "verify-full",
            "sslrootcert": "/ca.pem",
        },
    }


def test_what_a_url_says_of_patience_comes_last_and_counts():
    url = "postgresql://db/x?connect_timeout=3&options=-c%20statement_timeout%3D9s"

    options = databases.postgresql(url, pool=4)["OPTIONS"]

    assert options["connect_timeout"] == "3"
    assert (
        options["options"] == f"{databases.ABANDONED} {databases.INDEXED} -c statement_timeout=9s"
    )


def test_an_unreadable_url_is_refused_by_name():
    with pytest.raises(SystemExit, match="SLATRACK_DATABASE_URL"):
        databases.postgresql("postgresql://db/x?no_such_parameter=1", pool=4)
