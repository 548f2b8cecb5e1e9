"""Who has installed what `make test` installs can collect all tests, also those that skip there."""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def installed_by_make_test() -> set[str]:
    text = (ROOT / "requirements/test.lock").read_text(encoding="utf-8")
    return {
        re.sub(r"[-_.]+", "-", name).lower() for name in re.findall(r"^([\w.-]+)==", text, re.M)
    }


def imported(path: Path) -> Iterator[str]:
    """Yield the packages that a module imports when it is imported itself."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (one.name.split(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def test_no_test_module_needs_more_to_be_imported_than_make_test_installs():
    here, made_by = installed_by_make_test(), packages_distributions()
    tests = [*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("tests/**/conftest.py")]
    missing = {
        (str(path.relative_to(ROOT)), package)
        for path in tests
        for package in imported(path)
        if package in made_by
        and not any(re.sub(r"[-_.]+", "-", one).lower() in here for one in made_by[package])
    }
    assert not missing
