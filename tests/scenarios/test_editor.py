"""The buyers of one editor's token beside a crowd at one of them, in a short form of `tools/editor.py`."""

from __future__ import annotations

import threading
import time
from collections import Counter
from itertools import count

import pytest

from tests.support.sandbox import run_sandbox
from tests.support.simulator import agreements, found, rcs, siren, siret, vat
from tools.editor import ask, delegations, run_crowd, service, write_buyers

pytestmark = pytest.mark.slow


def test_each_habilitation_counts_its_own_calls_with_three_processes():
    outcome = run_crowd(None, 8, 6.0)

    assert outcome.violations == {}
    assert outcome.exact, outcome
    assert outcome.counted[0] > 3


def test_a_crowd_that_waits_for_slow_registers_leaves_threads_to_the_candidates_of_another_buyer(tmp_path):
    """Twenty clients at once of one buyer, on a process where ten requests may wait: each waits for seconds."""
    crowd, others = count(20), range(3)
    stop, answers = threading.Event(), Counter[str]()

    def client() -> None:
        while not stop.is_set():
            rank = next(crowd)
            answers[ask(url, 0, rank, f"203.0.{rank // 250}.{1 + rank % 250}")] += 1
            time.sleep(0.05)  # what is known is answered at once: a crowd of programs would take the machine

    with run_sandbox("--latency", "500") as sandbox:
        sandbox.delegate(*delegations(2))
        sandbox.add(*(
            case for rank in range(200)
            for case in (found(siret(siren(rank))), rcs(siren(rank)), vat(siren(rank)), agreements(siret(siren(rank))))
        ))  # fmt: skip
        with service(sandbox.url, write_buyers(tmp_path, 2), PREFILL_THREADS="16") as (url, _, _):
            clients = [threading.Thread(target=client) for _ in range(20)]
            for one in clients:
                one.start()
            try:
                end = time.monotonic() + 20
                while not any("late" in lacking for lacking in answers) and time.monotonic() < end:
                    time.sleep(0.05)
                missing = [ask(url, 1, rank, f"198.51.100.{1 + rank}") for rank in others]
            finally:
                stop.set()
                for one in clients:
                    one.join()

    assert missing == ["", "", ""]
