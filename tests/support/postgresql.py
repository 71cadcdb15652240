"""A PostgreSQL of the tests' own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")) or [Path(shutil.which("pg_ctl") or "/nowhere")]
    return found[-1].resolve().parent if found[-1].exists() else None


class Server:
    """A PostgreSQL of our own, on a socket in its folder; it does not run as root."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._as: dict[str, Any] = {"user": "nobody", "group": "nogroup"} if os.getuid() == 0 else {}
        self.url = f"postgresql://prefill@/postgres?host={folder}"

    def run(self, name: str, *options: str) -> None:
        binary = str((programs() or Path()) / name)
        subprocess.run([binary, *options], check=True, capture_output=True, cwd="/", extra_groups=[] if self._as else None,
                       timeout=60, **self._as)  # fmt: skip

    def make(self) -> None:
        self.run("initdb", "-D", f"{self._folder}/data", "-U", "prefill", "-A", "trust", "--no-sync")

    def start(self) -> None:
        options = f"-k {self._folder} -c listen_addresses='' -c fsync=off"
        self.run("pg_ctl", "-D", f"{self._folder}/data", "-w", "-l", f"{self._folder}/log", "-o", options, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", f"{self._folder}/data", "-w", "-m", "immediate", "stop")


@pytest.fixture
def postgresql_server() -> Iterator[Server]:
    if programs() is None:
        pytest.skip("PostgreSQL is not installed")
    folder = Path(subprocess.run(["mktemp", "-d"], check=True, capture_output=True, text=True).stdout.strip())
    folder.chmod(0o777)
    it = Server(folder)
    it.make()
    it.start()
    yield it
    it.stop()
    shutil.rmtree(folder, ignore_errors=True)
