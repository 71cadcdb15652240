"""What changed of a proof between two runs, as an event with an identity of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from prefill.watch.awards import Award
from prefill.watch.schedule import Observation, Observations


@dataclass(frozen=True, slots=True)
class Change:
    """A proof is not what it was.

    Attributes:
        id: the same whenever the same change is found again: a receiver takes it once.
        award: `Award.key`.
        proof: the name of its source.
        was: None for a proof seen for the first time.
        written, sent: whether the files and the webhook have it.
    """

    id: str
    award: str
    proof: str
    was: Observation | None
    now: Observation
    written: bool = False
    sent: bool = False


def changes_between(award: Award, before: Observations, after: Mapping[str, Observation]) -> Iterator[Change]:
    """Yield what differs; a proof seen for the first time only when somebody must act."""
    for proof, now in after.items():
        was = before.get(proof)
        if now.to_handle if was is None else now.differs(was):
            yield Change(_identity(award, proof, was, now), award.key, proof, was, now)


def expired_since(award: Award, known: Observations, today: date) -> Iterator[Change]:
    """Yield the proofs whose validity ended since they were last looked at."""
    yield from changes_between(award, known, {proof: seen.on(today) for proof, seen in known.items()})


def _identity(award: Award, proof: str, was: Observation | None, now: Observation) -> str:
    parts = (award.key, proof, _text(was), _text(now))
    return f"msg_{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:32]}"


def _text(seen: Observation | None) -> str:
    return f"{seen.state} {seen.until} {seen.asked} {seen.mentions}" if seen else ""


def day_text(day: date | None) -> str:
    return day.isoformat() if day else ""
