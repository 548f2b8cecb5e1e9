"""Audit a lock file: known vulnerabilities where the service answers; withdrawn releases always.

Where the service cannot be reached that is said, not passed over: then only withdrawn releases are
found. Exit status 1 for a vulnerability that has a fixed release, or a withdrawn release.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

TOOLS = Path(sys.executable).parent


def main(lock: str) -> int:
    bad = [*vulnerable(lock), *withdrawn(lock)]
    print(*bad, sep="\n")
    return 1 if bad else 0


def vulnerable(lock: str) -> list[str]:
    asked = [str(TOOLS / "pip-audit"), "-r", lock, "--no-deps", "--disable-pip"]
    done = run([*asked, "--format", "json", "--progress-spinner", "off"])
    try:
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print("NOT AUDITED for vulnerabilities: the advisory service does not answer")
        return []
    audited = [one for one in packages if "skip_reason" not in one]
    print(f"Audited for known vulnerabilities: {len(audited)} of {len(packages)} packages")
    if not audited:
        print("NOT AUDITED for vulnerabilities: the advisory service does not answer from here")
    return [
        f"{one['name']} {one['version']}: {flaw['id']}, fixed in {', '.join(flaw['fix_versions'])}"
        for one in audited
        for flaw in one["vulns"]
        if flaw["fix_versions"]
    ]


def withdrawn(lock: str) -> list[str]:
    asked = [
        str(TOOLS / "uv"),
        "pip",
        "install",
        "--dry-run",
        "--reinstall",
        "--no-deps",
        "-r",
        lock,
    ]
    done = run(asked)
    if done.returncode:
        return [f"{lock} cannot be installed: {done.stderr.strip()}"]
    print(
        f"Withdrawn releases looked for: {len(re.findall(r'^ [+~] ', done.stderr, re.M))} packages"
    )
    return [line for line in done.stderr.splitlines() if "yanked" in line]


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
