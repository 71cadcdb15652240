"""The targets of `tools/fuzz`, driven shortly and without atheris."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools.fuzz.targets import SEEDS, TARGETS, altered

EXAMPLES = {"identifiers": 300, "forms": 40, "espd": 80}
BYTES_OR_SEED = st.binary(max_size=300) | st.integers(0, 2**32)


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_fuzzed_starts_from_whole_inputs(name, tmp_path):
    for seed in SEEDS[name]():
        TARGETS[name](seed, tmp_path)


@pytest.mark.parametrize("name", TARGETS)
def test_altered_inputs_are_read_or_refused_with_a_sentence(name, tmp_path):
    @settings(max_examples=EXAMPLES[name], deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(BYTES_OR_SEED)
    def drive(given):
        data = given if isinstance(given, bytes) else altered(name, random.Random(given))
        TARGETS[name](data, tmp_path)

    drive()
