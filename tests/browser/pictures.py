"""Pictures of pages, light, dark and as wide as a phone: SLATRACK_TEST_PICTURES names a folder."""

import os
from pathlib import Path
from typing import Any

LOOKS = {"light": (1440, "light"), "dark": (1440, "dark"), "phone": (390, "light")}
FOLDER = os.environ.get("SLATRACK_TEST_PICTURES")
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def look(page: Any, name: str) -> None:
    """Have `page` look as LOOKS says."""
    width, theme = LOOKS[name]
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)


def shot(page: Any, name: str) -> None:
    """Take a picture of the whole page, if anybody wants one."""
    if FOLDER:
        Path(FOLDER).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{FOLDER}/{name}.png", full_page=True)


def too_wide(page: Any) -> int:
    """Return by how many pixels the page is wider than its screen."""
    wider: int = page.evaluate(WIDER)
    return wider
