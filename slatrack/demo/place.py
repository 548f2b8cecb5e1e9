"""Where the demo keeps its own small files: a folder beside the database."""

from pathlib import Path

from django.conf import settings


def folder() -> Path:
    """Return the demo's folder, made if it is not there yet."""
    path: Path = settings.SLATRACK.data_dir / "demo"
    path.mkdir(parents=True, exist_ok=True)
    return path


def write_whole(path: Path, text: str) -> None:
    """Replace a file so that a reader sees the old text or the new one, never half of it."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
