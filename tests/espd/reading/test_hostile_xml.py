"""Short form of `tools/hostile_xml.py`: hostile documents are refused within memory, and reach nothing."""

from __future__ import annotations

import sys

import pytest

from tools.hostile_xml import SIZE, is_held, run

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux")]


def test_hostile_documents_are_refused_within_memory_and_reach_nothing():
    names = ("xxe-network", "billion-laughs", "depth-10000", "elements-1000000", "50-mb-declared", "50-mb-undeclared")
    figures = {str(found["case"]): found for found in run(names)}

    assert [name for name, found in figures.items() if not is_held(found)] == []
    assert figures["50-mb-declared"]["read"] == 0
    assert int(str(figures["50-mb-undeclared"]["read"])) < SIZE / 5
