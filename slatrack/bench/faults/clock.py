"""A clock that jumps: of slatrack's processes alone, by libfaketime (Debian: libfaketime)."""

import time
from pathlib import Path

from slatrack.bench.faults.scene import Scene

LIBRARIES = ("/usr/lib", "/usr/local/lib")
AHEAD, RIGHT = "+3600", "+0"  # seconds, as libfaketime reads them
STAYS = 3.0  # seconds in which it goes wrong


class Missing(Exception):
    """libfaketime is not installed here."""


def jump(scene: Scene) -> None:
    """Jump an hour ahead while all is read, and back; what comes then must be judged right."""
    told = scene.consumers[0].log.with_suffix(".clock")
    told.write_text(RIGHT)
    library = _library()
    for member in (*scene.consumers, *scene.watcher):
        member.end()
        member.changed |= {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(told),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        member.start()
    scene.send(0.5)
    scene.until(scene.all_read, "it never began")
    told.write_text(AHEAD)
    time.sleep(STAYS)
    told.write_text(RIGHT)
    scene.send()


def _library() -> str:
    for folder in LIBRARIES:
        for found in Path(folder).glob("**/faketime/libfaketime.so.1"):
            return str(found)
    raise Missing("libfaketime is not installed: apt-get install libfaketime")
