"""The benchmark of faults: each of the table, several times; what held, and how long it took."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from slatrack.bench.faults import invariants
from slatrack.bench.faults.clock import Missing
from slatrack.bench.faults.scene import Scene, Stuck, finish, scene
from slatrack.bench.faults.servers import Servers
from slatrack.bench.faults.table import FAULTS
from slatrack.bench.figures import Bench, Figures, Impossible, Progress
from slatrack.bench.load import DOCUMENTS
from slatrack.bench.place import own_database
from slatrack.tracking import flows

SPANS, KILLS = 16_000, 5
UNITS = {"seconds": "s"}


def _add_arguments(group: Any) -> None:
    group.add_argument("--fault", action="append", choices=list(FAULTS), help="else all")
    group.add_argument("--together", action="store_true", help="one after another, at one load")
    group.add_argument("--times", type=int, default=1, help="how often each, with another seed")
    group.add_argument("--fault-spans", type=int, default=SPANS, help="spans of each run")
    group.add_argument("--kills", type=int, default=KILLS, help="of a run that kills")
    group.add_argument(
        "--server-command",
        help='what stops and starts servers, as "docker compose {action} {server}"',
    )


def _run(options: Mapping[str, Any], progress: Progress) -> Figures:
    if connection.vendor != "postgresql" or not settings.SLATRACK.kafka_brokers:
        raise Impossible(
            "faults are done to real servers: set SLATRACK_DATABASE_URL and SLATRACK_KAFKA_BROKERS"
        )
    command = options["server_command"]
    servers = Servers(command) if command else None
    figures: Figures = {"spans": options["fault_spans"], "kills_a_run": options["kills"]}
    with own_database(), tempfile.TemporaryDirectory(prefix="slatrack-faults-") as folder:
        invariants.watch_offsets()
        can, cannot = _possible(options["fault"] or list(FAULTS), servers)
        figures |= dict.fromkeys(cannot, "not run: needs --server-command")
        chosen = {"together": can} if options["together"] else {name: [name] for name in can}
        for label, names in chosen.items():
            figures |= _repeated(label, names, servers, Path(folder), options, progress)
    figures["faults_broken"] = sum(1 for one in figures.values() if str(one).startswith("BROKEN"))
    return figures


def _possible(names: Sequence[str], servers: Servers | None) -> tuple[list[str], list[str]]:
    """Split faults into those that can be done here, and those that cannot."""
    cannot = [one for one in names if FAULTS[one].needs_servers and servers is None]
    return [one for one in names if one not in cannot], cannot


def _repeated(
    name: str,
    faults: Sequence[str],
    servers: Servers | None,
    folder: Path,
    options: Mapping[str, Any],
    progress: Progress,
) -> Figures:
    runs: list[Outcome] = []
    for number in range(options["times"]):
        once = Run(options["fault_spans"], options["seed"] + number, options["kills"], servers)
        runs.append(once.of(faults, folder))
        progress(f"{name} {number + 1}: {runs[-1].said()}")
    broken = [sentence for one in runs for sentence in one.broken]
    held = f"held {sum(not one.broken for one in runs)} of {len(runs)}"
    notes = {f"{name}.{key}": value for one in runs for key, value in one.notes.items()}
    return {
        name: f"BROKEN, {held}: {'; '.join(broken)}" if broken else held,
        f"{name}.seconds": max(one.seconds for one in runs),
        **notes,
    }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run showed."""

    broken: list[str]
    seconds: float
    notes: dict[str, object]

    def said(self) -> str:
        """Return it in a line."""
        return f"{'; '.join(self.broken) or 'all holds'} ({self.seconds} s) {self.notes or ''}"


@dataclass(frozen=True, slots=True)
class Run:
    """How large a run is; `spans` are shared by the faults that it does one after another."""

    spans: int = SPANS
    seed: int = 1
    kills: int = KILLS
    servers: Servers | None = None

    def of(self, names: Sequence[str], folder: Path) -> Outcome:
        """Do faults of the table, one after another, on emptied tables; say what did not hold."""
        _empty()
        begin = time.monotonic()
        rest: dict[str, Any] = {"kills": self.kills, "servers": self.servers}
        with scene(self.spans, self.seed, folder, **rest) as made:
            broken = _done(made, names) or finish(made)
        return Outcome(broken, round(time.monotonic() - begin, 1), made.notes)


def _done(made: Scene, names: Sequence[str]) -> list[str]:
    for member in (*made.consumers, *made.watcher):
        member.start()
    try:
        made.until(lambda: len(made.owners()) == len(made.consumers), "nobody reads")
        for number, name in enumerate(names):
            made.turn(number, len(names))
            FAULTS[name].act(made)
    except (Stuck, Missing) as exc:
        return [f"{name if made.numbers else 'start'}: {exc}{_last(made)}"]
    return []


def _empty() -> None:
    call_command("flush", verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE bench_backwards")
    flows.save(DOCUMENTS, now=datetime.fromtimestamp(0, UTC))


def _last(made: Scene) -> str:
    """Return the last words of the consumers, for whoever looks into it."""
    said = ""
    for member in made.consumers:
        with suppress(OSError):
            said += f"\n{member.said()[-600:]}"
    return said


def _wrong(figures: Figures) -> str:
    number = figures["faults_broken"]
    return f"{number} faults broke what must hold" if number else ""


BENCH = Bench(
    "what may go wrong, done to real processes on real servers", _add_arguments, _run, UNITS, _wrong
)
