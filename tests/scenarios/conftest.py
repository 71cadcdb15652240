"""What the tests with a browser share."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.browser import browser  # noqa: F401

# A browser on a loaded machine of two processors: an expectation that comes true is not slowed by this.
EXPECT_MILLISECONDS = 15_000

expect.set_options(timeout=EXPECT_MILLISECONDS)
