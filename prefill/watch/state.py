"""What is kept between two runs, in a file beside that of the contracts: the last observations, and changes not yet told.

The file is replaced whole, so that a run that is killed leaves the former or the new one; only its owner reads it. A
change is written with the observation that made it: it is told at least once, whatever happens.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from prefill.config_files.diagnostics import short_name
from prefill.config_files.replacement import OWNER_ALONE, replace_file
from prefill.dossier.states import State
from prefill.watch.awards import Award
from prefill.watch.changes import Change
from prefill.watch.schedule import Observation, Observations

VERSION = 1


class StateUnusable(Exception):
    """The state file cannot be read or written; the message is a French sentence."""


@dataclass(frozen=True, slots=True)
class WatchState:
    """The last observations by contract and proof, and the changes that were not told everywhere."""

    known: Mapping[str, Observations]
    changes: tuple[Change, ...] = ()

    def about(self, awards: Iterable[Award], today: date) -> WatchState:
        """Forget the contracts that are over or no longer listed."""
        keys = {award.key for award in awards if award.ends >= today}
        known = {key: seen for key, seen in self.known.items() if key in keys}
        return WatchState(known, tuple(one for one in self.changes if one.award in keys))

    def observed(self, award: Award, seen: Observations, changes: Iterable[Change]) -> WatchState:
        merged = {**self.known.get(award.key, {}), **seen}
        return WatchState({**self.known, award.key: merged}, (*self.changes, *changes))

    def marked(self, told: Callable[[Change], Change]) -> WatchState:
        """Mark changes; one that was told everywhere is forgotten."""
        marked = map(told, self.changes)
        return replace(self, changes=tuple(one for one in marked if not (one.written and one.sent)))


class StateFile:
    """`FILE.state.json`, and `FILE.lock`, which one run holds at a time."""

    def __init__(self, awards: Path) -> None:
        self.path = awards.with_name(f"{awards.name}.state.json")
        self._lock = awards.with_name(f"{awards.name}.lock")

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock, which ends with the process. Raises `StateUnusable` when another run has it."""
        try:
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, OWNER_ALONE)
        except OSError as fault:
            raise StateUnusable(f"{short_name(self._lock)} ne peut pas être écrit : {fault.strerror}.") from fault
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as held:
            raise StateUnusable("Une autre exécution est en cours sur ce fichier.") from held
        finally:
            os.close(descriptor)

    def read(self) -> WatchState:
        """Return what the last run left. Raises `StateUnusable` of a file that is not one of ours."""
        try:
            tree = json.loads(self.path.read_text("utf-8"))
            return _read_state(tree)
        except FileNotFoundError:
            return WatchState({})
        except OSError as fault:
            raise StateUnusable(f"{short_name(self.path)} ne peut pas être lu : {fault.strerror}.") from fault
        except (ValueError, KeyError, TypeError, AttributeError) as fault:
            raise StateUnusable(
                f"{short_name(self.path)} est abîmé, ou d'une autre version : écartez-le, et tout sera redemandé."
            ) from fault

    def write(self, state: WatchState) -> None:
        """Replace the file. Raises `StateUnusable`."""
        tree = {
            "version": VERSION,
            "known": {key: {proof: _plain(one) for proof, one in seen.items()} for key, seen in state.known.items()},
            "changes": [_plain_change(one) for one in state.changes],
        }
        write_private(self.path, json.dumps(tree, ensure_ascii=False, indent=1).encode())


def write_private(path: Path, content: bytes) -> None:
    """Replace a file whole, readable by its owner alone. Raises `StateUnusable`."""
    try:
        replace_file(path, content)
    except OSError as fault:
        raise StateUnusable(f"{short_name(path)} ne peut pas être écrit : {fault.strerror}.") from fault


def _plain(seen: Observation) -> dict[str, Any]:
    until = seen.until.isoformat() if seen.until else None
    return {"state": seen.state.value, "until": until, "asked": seen.asked.isoformat(), "mentions": seen.mentions}


def _plain_change(change: Change) -> dict[str, Any]:
    return {
        "id": change.id, "award": change.award, "proof": change.proof, "was": change.was and _plain(change.was),
        "now": _plain(change.now), "written": change.written, "sent": change.sent,
    }  # fmt: skip


def _read_state(tree: Any) -> WatchState:
    if tree["version"] != VERSION:
        raise ValueError(tree["version"])
    known = {key: {proof: _read(one) for proof, one in seen.items()} for key, seen in tree["known"].items()}
    return WatchState(known, tuple(map(_read_change, tree["changes"])))


def _read(tree: Any) -> Observation:
    until = date.fromisoformat(tree["until"]) if tree["until"] else None
    return Observation(State(tree["state"]), until, date.fromisoformat(tree["asked"]), int(tree["mentions"]))


def _read_change(tree: Any) -> Change:
    return Change(
        tree["id"],
        tree["award"],
        tree["proof"],
        _read(tree["was"]) if tree["was"] else None,
        _read(tree["now"]),
        written=bool(tree["written"]),
        sent=bool(tree["sent"]),
    )
