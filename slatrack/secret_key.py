"""Django's secret key of an embedded installation: made once, readable by its user only."""

import secrets
from contextlib import suppress
from pathlib import Path


def kept_in(folder: Path) -> str:
    """Return the key kept in `folder`, made if there is none.

    Two processes that start at once agree: the file appears whole, and the first one wins.
    """
    path = folder / "secret_key"
    if not path.exists():
        fresh = folder / f"secret_key.{secrets.token_hex(8)}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(50), encoding="ascii")
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
        fresh.unlink()
    return path.read_text(encoding="ascii")
