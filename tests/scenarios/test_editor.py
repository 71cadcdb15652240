"""The buyers of one editor's token beside a crowd at one of them, in a short form of `tools/editor.py`."""

from __future__ import annotations

import pytest

from tools.editor import run_crowd

pytestmark = pytest.mark.slow


def test_each_habilitation_counts_its_own_calls_with_three_processes():
    outcome = run_crowd(None, 8, 6.0)

    assert outcome.violations == {}
    assert outcome.exact, outcome
    assert outcome.counted[0] > 3
