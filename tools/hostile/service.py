"""A service of one's own on loopback, with the sandbox served as API Entreprise, and limits of the system on it."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.sandbox import ServedSandbox, free_port
from tests.support.simulator import BUYER

START_SECONDS = 40.0
CGROUPS = (Path("/sys/fs/cgroup/pids"), Path("/sys/fs/cgroup"))  # of both versions


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: its main process and its port."""

    port: int
    pid: int

    def workers(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def threads(self) -> int:
        """The threads of all its processes."""
        return sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in (self.pid, *self.workers()))

    def descriptors(self) -> int:
        """The open descriptors of its workers."""
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self.workers())


@contextmanager
def run_service(
    sandbox: ServedSandbox | None = None, *, threads: int | None = None, **settings: str
) -> Iterator[Service]:
    """Run the service behind one proxy, and end that process alone; `threads` is how many the system lets it have."""
    port = free_port()
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFILL_", "REDIS_", "WEB_CONC"))
    }
    own = {"PORT": str(port), "PREFILL_PROXIES": "1", "PREFILL_SANDBOX": "1", **settings}
    if sandbox is not None:
        own |= {
            "API_ENTREPRISE_URL": sandbox.url, "API_ENTREPRISE_TOKEN": "open-data-alone", "PREFILL_RECIPIENT": BUYER,
        }  # fmt: skip
    with _limited(threads) as limit:
        command = [*limit, sys.executable, "-m", "prefill", "serve"]
        with subprocess.Popen(command, env={**environ, **own}, stderr=subprocess.DEVNULL) as process:
            try:
                service = Service(port, process.pid)
                _await(service, process)
                yield service
            finally:
                process.terminate()


@contextmanager
def _limited(threads: int | None) -> Iterator[list[str]]:
    """Give the words that start a command with so many threads at most: in a cgroup as root, else as its user."""
    if threads is None:
        yield []
    elif os.getuid():
        yield ["sh", "-c", f'ulimit -u {threads + _threads_of_user()}; exec "$0" "$@"']
    else:
        cgroup = next((each for each in CGROUPS if each.is_dir()), CGROUPS[-1]) / f"prefill-{os.getpid()}"
        cgroup.mkdir()
        try:
            (cgroup / "pids.max").write_text(str(threads))
            yield ["sh", "-c", f'echo $$ > {cgroup}/cgroup.procs; exec "$0" "$@"']
        finally:
            cgroup.rmdir()


def _threads_of_user() -> int:
    """The threads that this user has already: the limit counts them too."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if process.stat().st_uid == os.getuid():
                count += len(list((process / "task").iterdir()))
    return count


def _await(service: Service, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                connection.close()
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the service does not start")
