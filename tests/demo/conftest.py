"""The demo's folder, fresh for each test."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    """Where the demo keeps its files during one test."""
    settings.SLATRACK = settings.SLATRACK.model_copy(update={"data_dir": tmp_path})
    return tmp_path / "demo"
