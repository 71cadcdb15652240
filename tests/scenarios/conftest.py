"""What the tests with a browser share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.support.browser import CHROMIUM, FLAGS

# A browser on a loaded machine of two processors: an expectation that comes true is not slowed by this.
EXPECT_MILLISECONDS = 15_000

expect.set_options(timeout=EXPECT_MILLISECONDS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
