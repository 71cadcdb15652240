"""What the system allows: threads of a user or of a container, descriptors of a process."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
MAX_DESCRIPTORS = 65_536  # more is of no use, and some systems take a long time for « no limit »


def thread_limit(
    *, user: int | None = None, cgroups: Path = CGROUPS, own: Path = Path("/proc/self/cgroup")
) -> int | None:
    """How many threads this process and its kin may be; None when nothing limits them. Root has no limit of a user."""
    user = os.getuid() if user is None else user
    of_user, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    limits = [*_of_cgroups(cgroups, own), *([of_user] if user and of_user != resource.RLIM_INFINITY else [])]
    return min(limits, default=None)


def raise_descriptor_limit() -> int:
    """Allow this process, and those that it starts, as many descriptors as the system lets it. Return how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return wanted
    return MAX_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


def _of_cgroups(root: Path, own: Path) -> Iterator[int]:
    """The limits of the cgroup of this process and of those around it, of both versions."""
    with suppress(OSError):
        for line in own.read_text().splitlines():
            _, controllers, path = (*line.split(":", 2), "", "")[:3]
            if controllers in ("", "pids"):
                folder = root / controllers
                inside = (folder / path.lstrip("/"), *(folder / path.lstrip("/")).parents)
                yield from (limit for each in inside if each.is_relative_to(root) for limit in _limit_of(each))


def _limit_of(cgroup: Path) -> Iterator[int]:
    with suppress(OSError, ValueError):  # « max » is no limit
        yield int((cgroup / "pids.max").read_text())
