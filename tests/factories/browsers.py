"""Debian's Chromium, driven by playwright, calling nobody but us."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, Playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """Return where Chromium is, or say how to get it."""
    found = shutil.which("chromium")
    if found is None:
        raise RuntimeError("browser tests need Debian's chromium: apt-get install chromium")
    return found


@contextmanager
def profile(playwright: Playwright, directory: Path) -> Iterator[BrowserContext]:
    """Open a browser with its profile in `directory`, as a person has it; close it at the end."""
    context = playwright.chromium.launch_persistent_context(
        str(directory), executable_path=chromium(), headless=True, args=list(ARGUMENTS)
    )
    context.set_default_timeout(10_000)
    try:
        yield context
    finally:
        context.close()
