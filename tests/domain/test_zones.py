import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

from slatrack.domain.zones import UnknownZoneError, instant, zone, zone_version

READ = "from slatrack.domain.zones import zone; print(zone('Europe/Berlin').utcoffset(None), 'ok')"


@pytest.mark.parametrize(
    "name", ["", "Europe", "Europe/Atlantis", "../../etc/passwd", "europe/berlin"]
)
def test_unknown_zones_are_refused(name):
    with pytest.raises(UnknownZoneError, match="write an IANA name such as Europe/Berlin"):
        zone(name)


def test_the_systems_time_zones_are_not_used():
    empty = {"PYTHONTZPATH": "", "PYTHONPATH": "."}
    done = subprocess.run([sys.executable, "-c", READ], env=empty, capture_output=True, text=True)
    assert done.stdout == "None ok\n"
    assert zone("Europe/Berlin") is zone("Europe/Berlin")
    assert zone_version().startswith("20")


@pytest.mark.parametrize(
    ("day", "minutes", "tz", "more", "expected"),
    [
        ((2026, 6, 15), 8 * 60, "Europe/Berlin", {}, "2026-06-15T06:00Z"),
        ((2026, 6, 15), 24 * 60, "Europe/Berlin", {}, "2026-06-15T22:00Z"),
        ((2026, 3, 29), 150, "Europe/Berlin", {}, "2026-03-29T01:00Z"),
        ((2026, 3, 29), 150, "Europe/Berlin", {"shift": True}, "2026-03-29T01:30Z"),
        ((2026, 3, 29), 180, "Europe/Berlin", {}, "2026-03-29T01:00Z"),
        ((2026, 10, 25), 150, "Europe/Berlin", {}, "2026-10-25T00:30Z"),
        ((2026, 10, 25), 150, "Europe/Berlin", {"second": True}, "2026-10-25T01:30Z"),
        ((2026, 10, 25), 180, "Europe/Berlin", {}, "2026-10-25T02:00Z"),
        ((2026, 10, 4), 135, "Australia/Lord_Howe", {}, "2026-10-03T15:30Z"),
        ((2019, 2, 16), 23 * 60, "America/Sao_Paulo", {"second": True}, "2019-02-17T02:00Z"),
        ((2011, 12, 30), 12 * 60, "Pacific/Apia", {}, "2011-12-30T10:00Z"),  # a day left out
    ],
)
def test_instant(day, minutes, tz, more, expected):
    found = instant(date(*day), minutes, tz, **more)
    assert found == datetime.fromisoformat(expected)
    assert found.tzinfo is UTC
