"""What the tests with a browser share: the browser and the patience of the scenarios."""

from tests.scenarios.conftest import browser  # noqa: F401
