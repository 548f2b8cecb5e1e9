"""The pipeline as a child process: started, watched and ended from the process of the pages."""

import os
import subprocess
import sys
import threading
from contextlib import suppress

from slatrack.demo.doors import Doors

ENDS = 10.0  # seconds the child gets to end by itself


class PipelineFailedError(Exception):
    """The child process ended, although it should run."""


def run(brokers: str, doors: Doors, stop: threading.Event) -> None:
    """Run the pipeline in a child process until told to stop.

    The child ends when its standard input does, so it never outlives this process. It has a
    session of its own: Ctrl-C in the terminal reaches this process only.
    """
    numbers = doors.numbers
    command = [sys.executable, "-m", "slatrack.demo", brokers, *map(str, numbers)]
    with subprocess.Popen(  # noqa: S603  # our own module
        command,
        stdin=subprocess.PIPE,
        env=_environment(),
        pass_fds=numbers,
        start_new_session=True,
    ) as child:
        try:
            while not stop.wait(0.5):
                if child.poll() is not None:
                    raise PipelineFailedError(f"it ended with exit code {child.returncode}")
        finally:
            _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        child.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        child.wait(ENDS)
        return
    child.kill()


def _environment() -> dict[str, str]:
    """Ours, but for OpenTelemetry's settings: those of the person's shell are not for the demo."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "slatrack.settings",
        "OTEL_SEMCONV_STABILITY_OPT_IN": "http",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
