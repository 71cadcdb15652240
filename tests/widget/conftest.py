"""What the tests with a browser share: the patience of the scenarios."""

import tests.scenarios.conftest  # noqa: F401
