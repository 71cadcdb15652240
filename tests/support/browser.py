"""The Chromium of this machine, and how it is started."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

# The shell without windows first, as Playwright does: a page of its own costs a quarter of the processor time that it
# takes where each context opens a window. The kits (`tests/widget/test_kits.py`) run in the whole browser.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

# A browser on a loaded machine of two processors: an expectation that comes true is not slowed by this.
expect.set_options(timeout=15_000)


_RUNNING: list[tuple[Playwright, Browser]] = []  # one at most


@pytest.fixture(scope="module")
def browser() -> Browser:
    """The browser of this process, which the modules that follow each other share."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    if not _RUNNING:
        playwright = sync_playwright().start()
        _RUNNING.append((playwright, playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)))
    return _RUNNING[0][1]


def close_browser() -> None:
    """End the browser, and with it Playwright's event loop: a test may run one of its own."""
    while _RUNNING:
        playwright, browser = _RUNNING.pop()
        browser.close()
        playwright.stop()


@contextmanager
def open_page(browser: Browser, **options: Any) -> Iterator[Page]:
    """Open a page, which must raise no script error and break no rule of its own policy."""
    context = browser.new_context(reduced_motion="reduce", **options)
    context.set_default_timeout(20_000)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
    yield page
    context.close()
    assert faults == []
