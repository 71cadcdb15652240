"""What the ESPD costs over the JSON: `.venv/bin/python tools/bench/espd_cost.py [--request FILE]`.

Times the draft and the writing of a profile from a filled DUME, for each company of the sandbox; with `--request`, the
reading and the completion of a buyer's Request as well. Prints median, 99th percentile and most, in milliseconds; exits with
1 when the median of a profile is over `GOAL`.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from prefill.app import create_app
from prefill.domain.dates import PARIS
from prefill.espd.draft import draft_response
from prefill.espd.model import Declared
from prefill.espd.reading.request import read_request
from prefill.espd.writer import Identity, complete_request, write_profile
from prefill.sandbox.companies import COMPANIES
from prefill.settings import Settings

GOAL = 5.0  # milliseconds
ROUNDS = 50
IDENTITY = Identity("1", "5f0f3d2e-0000-4000-8000-000000000001", datetime(2026, 11, 25, 10, tzinfo=PARIS))
DECLARED = {"size": "small", "name": "Nom", "country": "FRA", "set_up_date": "2020-01-31", "number": "00000100800010"}


def filled() -> list[dict[str, Any]]:
    """Fill the DUME of each company of the sandbox."""
    client = create_app(Settings(rate_limit=0)).test_client()
    answers = (client.get(f"/v1/prefill/{company.siret}").json for company in COMPANIES)
    return [answer["data"] for answer in answers if answer and answer.get("data")]


def milliseconds(work: Callable[[], object], rounds: int) -> list[float]:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return times


def show(name: str, times: list[float]) -> float:
    median = statistics.median(times)
    p99 = statistics.quantiles(times, n=100)[98]
    print(f"{name}: median {median:.2f} ms, p99 {p99:.2f} ms, most {max(times):.2f} ms, {len(times)} times")
    return median


def main() -> None:
    logging.disable(logging.CRITICAL)
    parser = argparse.ArgumentParser()
    parser.add_argument("--request", type=Path, help="a buyer's Request to complete as well")
    request = parser.parse_args().request
    companies = filled()
    times = [
        one
        for data in companies
        for one in milliseconds(lambda data=data: write_profile(draft_response(data, Declared(**DECLARED)), IDENTITY), ROUNDS)
    ]  # fmt: skip
    median = show(f"profile, {len(companies)} companies", times)
    if request:
        document = request.read_bytes()
        show("reading the Request", milliseconds(lambda: read_request(document), 10))
        asked = read_request(document)
        draft = draft_response(companies[0], Declared(lot=asked.lot(None), **DECLARED))
        show("completing it", milliseconds(lambda: complete_request(asked, draft, IDENTITY), 10))
    sys.exit(0 if median <= GOAL else 1)


if __name__ == "__main__":
    main()
