"""Debian's Chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .process import Missing

try:
    from playwright.sync_api import sync_playwright
except ImportError:  # a developer's tool, not in test.lock
    sync_playwright = None

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-dev-shm-usage"]


@contextmanager
def real() -> Iterator["Browser"]:
    """Yield a running browser; make a context of it for each test."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None or sync_playwright is None:
        raise Missing("Chromium or Playwright is missing: apt-get install chromium; make lint")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
