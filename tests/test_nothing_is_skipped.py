"""In CI a test that would be skipped fails with its reason."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOOKS = "from tests.conftest import pytest_make_collect_report, pytest_runtest_makereport\n"
AWAY = {
    "fixture": "@pytest.fixture\ndef server():\n    pytest.skip('away')\n\n"
    "def test_it(server):\n    pass\n",
    "mark": "@pytest.mark.skipif(True, reason='away')\ndef test_it():\n    pass\n",
    "module": "pytest.importorskip('nowhere', reason='away')\n",
}


def test_what_is_not_there_fails_in_ci(tmp_path):
    for name, text in AWAY.items():
        (tmp_path / f"test_{name}.py").write_text(f"import pytest\n\n{text}")
    (tmp_path / "conftest.py").write_text(HOOKS)
    options = ["-q", "-n", "0", "-c", str(ROOT / "pyproject.toml")]

    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--continue-on-collection-errors", tmp_path],
        env={**os.environ, "SLATRACK_CI": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.splitlines()[-1].startswith(f"{len(AWAY)} errors in ")
    assert done.stdout.count("skipped in CI, where nothing may be: ") >= len(AWAY)
    assert done.returncode == 1
