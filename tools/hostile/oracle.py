"""The presence oracle: whether an answer tells an observer that somebody else asked for the same company before.

Half of some companies, at random, are asked for by one visitor each. An observer then asks for all of them, each from an
address of its own, and guesses which half: from the time of the answer, its place within a step of the delays, its size and
its headers. Each guess is the best rule on half of the probes, judged on the other half. The control shows that the rules
work: what an address had before, which comes at once, against what it had not.
"""

from __future__ import annotations

import asyncio
import math
import random
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from prefill.web.protection.pacing import STEP_SECONDS
from tests.support.sandbox import run_sandbox
from tests.support.simulator import agreements, found, rcs, siren, siret, vat
from tools.hostile.client import Response, get
from tools.hostile.service import Service, run_service

A_SECOND = 7.0  # questions, one call each at most: within the quota, whose end would show who was answered
QUESTION = "/v1/prefill/{number}?fields=name"  # one source: what is measured is one call or none
DEVIATIONS = 4.0  # of luck that are no oracle
CONTROL = 0.9  # of the guesses are right, where the time does tell
CONTROLS = 60
THRESHOLDS = 200
CHANGING = ("date", "x-request-id", "etag", "content-length")  # headers that differ with each answer or company

Probe = tuple[float, Response]  # seconds, and what came back
Feature = Mapping[int, float]  # by the rank of a company


@dataclass(slots=True)
class Guesses:
    """The parts of right guesses, by what they are made from; `limit` is what chance alone may reach."""

    scenario: str
    probes: int
    limit: float = 1.0
    right: dict[str, float] = field(default_factory=dict)
    control: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def held(self) -> bool:
        return max(self.right.values()) <= self.limit and self.control >= CONTROL and set(self.statuses) == {200}


def presence(probes: int = 1000, *, latency: int = 60, seed: int = 7) -> Guesses:
    """Let an observer probe so many companies of which others asked half; registers answer after so many milliseconds."""
    chance = random.Random(seed)
    guesses = Guesses("presence oracle", probes, 0.5 + DEVIATIONS * 0.5 / math.sqrt(probes // 2))
    asked = {rank for rank in range(probes) if chance.random() < 0.5}
    with run_sandbox("--latency", str(latency), "--budget-scale", "1000") as sandbox:
        for first in range(0, probes, 100):
            ranks = range(first, min(first + 100, probes))
            sandbox.add(*(case for rank in ranks for case in _cases(siren(rank))))
        with run_service(sandbox) as service:
            asyncio.run(_observe(service, guesses, asked, chance))
    return guesses


def _cases(number: str) -> tuple[dict[str, object], ...]:
    return found(siret(number)), rcs(number), vat(number), agreements(siret(number))


async def _observe(service: Service, guesses: Guesses, asked: set[int], chance: random.Random) -> None:
    await _ask(service, sorted(asked), "198.18")
    order = list(range(guesses.probes))
    chance.shuffle(order)
    probes = await _ask(service, order, "198.19")
    again = await _ask(service, order[:CONTROLS], "198.19")
    guesses.statuses.update(response.status for _, response in probes.values())
    for name, feature in _features(probes).items():
        guesses.right[name] = round(best_guess(feature, asked, order), 3)
    had = {rank: seconds for rank, (seconds, _) in again.items()}
    new = {-1 - rank: probes[rank][0] for rank in again}
    guesses.control = round(best_guess({**had, **new}, set(had), [*had, *new]), 3)


async def _ask(service: Service, ranks: Sequence[int], network: str) -> dict[int, Probe]:
    """Ask for these companies in this order, so many a second, each from an address of its own."""
    probes: dict[int, Probe] = {}

    async def ask(place: int, rank: int) -> None:
        await asyncio.sleep(place / A_SECOND)
        address = {"X-Forwarded-For": f"{network}.{rank // 250}.{1 + rank % 250}"}
        began = time.monotonic()
        response = await get(service.port, QUESTION.format(number=siret(siren(rank))), address)
        probes[rank] = time.monotonic() - began, response

    await asyncio.gather(*(ask(place, rank) for place, rank in enumerate(ranks)))
    return probes


def _features(probes: Mapping[int, Probe]) -> dict[str, Feature]:
    kinds = Counter(_kind(response) for _, response in probes.values())
    ranked = {kind: place for place, kind in enumerate(sorted(kinds))}
    return {
        "time": {rank: seconds for rank, (seconds, _) in probes.items()},
        "time within a step": {rank: seconds % STEP_SECONDS for rank, (seconds, _) in probes.items()},
        "size": {rank: float(len(response.body)) for rank, (_, response) in probes.items()},
        "headers and words": {rank: float(ranked[_kind(response)]) for rank, (_, response) in probes.items()},
    }


def _kind(response: Response) -> str:
    """What of an answer does not depend on its company: its headers, and its body without digits."""
    headers = sorted((name, value) for name, value in response.headers.items() if name not in CHANGING)
    return f"{headers} {re.sub(rb'[0-9]+', b'', response.body)!r}"


def best_guess(feature: Feature, asked: set[int], ranks: Sequence[int]) -> float:
    """Learn the best threshold on half of the probes; give the part of right guesses on the others."""
    learnt, judged = ranks[::2], ranks[1::2]
    values = sorted({feature[rank] for rank in learnt})
    rules = [(value, below) for value in values[:: max(1, len(values) // THRESHOLDS)] for below in (True, False)]
    threshold, below = max(rules, key=lambda rule: _right(feature, asked, learnt, *rule))
    return _right(feature, asked, judged, threshold, below)


def _right(feature: Feature, asked: set[int], ranks: Sequence[int], threshold: float, below: bool) -> float:  # noqa: FBT001
    """The part of right guesses, those who were asked for and the others counting as much: one answer for all gives 0.5."""
    right, all_of = Counter[bool](), Counter[bool]()
    for rank in ranks:
        all_of[rank in asked] += 1
        right[rank in asked] += ((feature[rank] < threshold) == below) == (rank in asked)
    return sum(right[was] / all_of[was] for was in all_of) / len(all_of)
