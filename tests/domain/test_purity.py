"""The domain imports the standard library, and nothing that it imports brings a framework."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import importlib, pkgutil, sys
import slatrack.domain
for module in pkgutil.walk_packages(slatrack.domain.__path__, "slatrack.domain."):
    importlib.import_module(module.name)
allowed = set(sys.stdlib_module_names) | {"slatrack", "tzdata", "__main__"}
loaded = {name.partition(".")[0] for name in sys.modules} - allowed - BARE
print(*sorted(name for name in loaded if not name.startswith("_sysconfigdata")))
"""


def test_the_domain_loads_in_a_bare_interpreter():
    bare = "BARE = {n.partition('.')[0] for n in __import__('sys').modules}\n"

    done = subprocess.run(
        [sys.executable, "-c", bare + PROGRAM],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stderr, done.stdout.strip()) == ("", "")


def test_slatrack_itself_is_empty():
    assert (ROOT / "slatrack" / "__init__.py").read_text(encoding="utf-8").strip() == ""
