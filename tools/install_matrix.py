"""Install, run and test the project the way others will: each Python that is here, and the machines that are unlike ours.

    python -m tools.install_matrix              every row; rewrites the table of docs/install.md
    python -m tools.install_matrix --run        the same without the tests
    python -m tools.install_matrix --only 3.12  the rows whose name holds this; prints, writes nothing
    python -m tools.install_matrix --only 3.14 --update   the same; writes these rows into the table, keeps the others
    python -m tools.install_matrix --only "versions/3.12" --whole --update   the same with `make test`, some minutes a row

Each row is a copy of what is committed in a folder of its own, where the two commands of the README are given. A row
passes when `make run` serves a prefill and the tests that are asked for are green, or when the one sentence that is expected is said.
"""

from __future__ import annotations

import argparse
import http.server
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urljoin

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "install.md"
BEGIN, END = "<!-- install-matrix: begin -->", "<!-- install-matrix: end -->"
HEADINGS = ("Machine", "Python", "pip", "make run", "Tests")
# The machines that are tried with each Python; the others have a row, with the Python that make chooses.
PER_PYTHON = ("a clone", "too old a Python")
OLDEST = (3, 11)
START_SECONDS = 60.0
STOP_SECONDS = 60.0
INSTALL_SECONDS = 600.0
TEST_SECONDS = 3600.0
PREFILLED = "00000100800010"
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Machine:
    """One kind of machine.

    Attributes:
        name: How the table calls it.
        python: The interpreter given to make; None lets make choose.
        folder: The name of the folder that holds the project.
        environ: What its environment adds to ours.
        archive: Whether the project came as an archive, without git's history.
        index_proxy: Whether packages come through an index that rewrites addresses.
        refusal: What make must say instead of installing.
    """

    name: str
    python: str | None = None
    folder: str = "prefill"
    environ: Mapping[str, str] = field(default_factory=dict)
    archive: bool = False
    index_proxy: bool = False
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What a machine showed."""

    cells: tuple[str, ...]
    passed: bool


class MatrixError(Exception):
    """A machine did not do what it must."""


# The machines


def pythons() -> tuple[str, ...]:
    """Find the interpreters of this machine, the newest release of each minor version."""
    folders = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    folders += sorted(Path.home().glob(".pyenv/versions/*/bin"))
    found: dict[tuple[int, ...], str] = {}
    for folder in folders:
        for program in sorted(folder.glob("python3*")):
            version = version_of(str(program)) if re.fullmatch(r"python3(\.\d+)?", program.name) else None
            if version and "shims" not in program.parts:
                found.setdefault(version, str(program))
    newest = {version[:2]: found[version] for version in sorted(found)}
    return tuple(newest[minor] for minor in sorted(newest))


def version_of(python: str) -> tuple[int, ...] | None:
    """Give the version of an interpreter; None when it does not run or cannot make an environment."""
    script = "import sys, venv, ensurepip; print(*sys.version_info[:3])"
    try:
        told = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True, timeout=20).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return tuple(map(int, told.split()))


def machines(scratch: Path) -> Iterator[Machine]:
    """List the rows: each Python, then what else can differ, then what must be refused with a sentence."""
    known = pythons()
    able = [python for python in known if (version_of(python) or ()) >= OLDEST]
    for python in able:
        yield Machine(PER_PYTHON[0], python)
    yield Machine("an archive, without git's history", archive=True)
    yield Machine("a folder with spaces and accents", folder="l'été à la mairie")
    yield Machine("a home that cannot be written", environ={"HOME": "/dev/null/home"})
    yield Machine("a locale without accents", environ={"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0"})
    yield Machine("an index proxy that rewrites addresses", index_proxy=True)
    for python in known:
        if python not in able and (version_of(python) or ()) >= (3, 9):
            yield Machine(PER_PYTHON[1], python, refusal="needs Python 3.11 or newer")
    yield Machine("no venv (Debian without python3-venv)", without_venv(scratch), refusal="apt install python3-venv")


def without_venv(scratch: Path) -> str:
    """Make an interpreter that lacks `ensurepip`, as Debian's does until python3-venv is installed."""
    lacking = scratch / "lacking"
    lacking.mkdir(exist_ok=True)
    (lacking / "ensurepip.py").write_text("raise ImportError\n", encoding="utf-8")
    program = lacking / "python3"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(lacking))} exec {shlex.quote(sys.executable)} "$@"\n')
    program.chmod(0o755)
    return str(program)


# What is done on each


def copy_project(target: Path, *, archive: bool) -> None:
    """Copy what is committed, as a clone or as an archive."""
    if archive or not (ROOT / ".git").exists():
        target.mkdir(parents=True)
        for path in committed_files():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, target / path)
        return
    git = ["git", "-c", "safe.directory=*", "clone", "--quiet", str(ROOT), str(target)]
    subprocess.run(git, check=True)


def committed_files() -> list[Path]:
    """List the files of the project, from git or, in an archive, from the folder."""
    if not (ROOT / ".git").exists():
        left_out = {".venv", ".tools", "__pycache__", "build", "dist"}
        every = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        return [path for path in every if not left_out & set(path.parts) and not path.name.startswith(".coverage")]
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()]


def examine(machine: Machine, scratch: Path, tests: str | None = "test-fast") -> Row:
    """Give the two commands on a machine; `tests` is make's target. Raise `MatrixError` with what went otherwise."""
    project = scratch / machine.folder
    copy_project(project, archive=machine.archive)
    with ExitStack() as stack:
        environ = {**_clean(os.environ), **machine.environ}
        if machine.index_proxy:
            environ |= {"PIP_INDEX_URL": stack.enter_context(index_proxy()), "PIP_NO_CACHE_DIR": "1"}
        if machine.refusal:
            return Row((machine.name, _short(machine.python), "", _refused(machine, project, environ), ""), passed=True)
        make = ["make", "--silent", *([f"PYTHON={machine.python}"] if machine.python else [])]
        install = _run([*make, ".venv/.runtime"], project, environ, INSTALL_SECONDS)
        if install.returncode:
            raise MatrixError(install.stdout + install.stderr)
        served = _served(make, project, environ)
        tested = _tested([*make, tests], project, environ) if tests else "not run"
    pip = _output([project / ".venv/bin/python", "-m", "pip", "--version"]).split()[1]
    return Row((machine.name, _short(str(project / ".venv/bin/python")), pip, served, tested), passed=True)


def _clean(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave out what a stranger's shell has not: our settings, CI's, pytest's, and make's own."""
    ours = re.compile(
        r"PREFILL_|API_ENTREPRISE_|PYTEST_|COV_|CI$|PORT$|REDIS_URL$|WEB_CONCURRENCY$|MAKE|MFLAGS|VIRTUAL_ENV"
    )
    return {name: value for name, value in environ.items() if not ours.match(name)}


def _run(
    command: list[str], folder: Path, environ: Mapping[str, str], seconds: float
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=dict(environ),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        errors="replace",
    )


def _refused(machine: Machine, project: Path, environ: Mapping[str, str]) -> str:
    tried = _run(["make", "--silent", f"PYTHON={machine.python}", "run"], project, environ, 60)
    said = [line for line in tried.stderr.splitlines() if not line.startswith("make")]
    if tried.returncode == 0 or len(said) != 1 or machine.refusal not in said[0]:
        raise MatrixError(f"one sentence with « {machine.refusal} » was expected: {tried.stdout}{tried.stderr}")
    if (project / ".venv").exists():
        raise MatrixError("an environment was left behind")
    return f"says « {machine.refusal} »"


def _served(make: list[str], project: Path, environ: Mapping[str, str]) -> str:
    """Run the service as the README says and ask it for a prefill."""
    port = _free_port()
    # A port by hand would mean a platform: PORT is given, so the sandbox is asked for.
    environ = {**environ, "PORT": str(port), "PREFILL_SANDBOX": "1"}
    log = project / ".run.log"
    with log.open("w") as said:
        process = subprocess.Popen(
            [*make, "run"], cwd=project, env=environ, stdout=said, stderr=said, start_new_session=True
        )
        try:
            answer = _ask(f"http://127.0.0.1:{port}/v1/prefill/{PREFILLED}", process)
        finally:
            stopped = _stopped(process)
    if PREFILLED not in answer:
        raise MatrixError(f"make run answers nothing: {answer}{log.read_text(errors='replace')}")
    if not stopped:
        raise MatrixError(f"make run does not stop: {log.read_text(errors='replace')}")
    return "serves"


def _stopped(process: subprocess.Popen[bytes]) -> bool:
    """Stop a program and all that it started, as Ctrl+C in a terminal does. Tell whether it ended by itself."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False
    return True


def _ask(url: str, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with DIRECT.open(url, timeout=10) as answer:
                return str(answer.read().decode())
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return ""


def _tested(command: list[str], project: Path, environ: Mapping[str, str]) -> str:
    tests = _run(command, project, environ, TEST_SECONDS)
    last = [line for line in tests.stdout.splitlines() if re.search(r"\d+ passed", line)]
    if tests.returncode or not last:
        raise MatrixError(f"{tests.stdout[-3000:]}{tests.stderr[-1000:]}")
    return f"make {command[-1]}: {re.sub(r'^=* | in .*$', '', last[-1])}"


def _short(python: str | None) -> str:
    return _output([python or "python3", "-c", "import platform; print(platform.python_version())"]).strip()


def _output(command: list[str | Path]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# The index proxy


@contextmanager
def index_proxy() -> Iterator[str]:
    """Serve on loopback the index that pip uses here, every address rewritten, hashes and metadata left out."""
    upstream = _index_url()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(upstream))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/packages"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _index_url() -> str:
    """Ask pip which index it uses by itself."""
    script = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    told = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True, check=False
    )
    return os.environ.get("PIP_INDEX_URL") or told.stdout.strip() or _output([sys.executable, "-c", script]).strip()


def _handler(upstream: str) -> Callable[..., http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            try:
                kind, body = self._page() if self.path.startswith("/packages/") else self._file()
            except urllib.error.HTTPError as refusal:
                self.send_error(refusal.code)
                return
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _page(self) -> tuple[str, bytes]:
            url = f"{upstream.rstrip('/')}/{self.path.removeprefix('/packages/')}"
            with urllib.request.urlopen(
                urllib.request.Request(url, headers={"Accept": "text/html"}), timeout=60
            ) as page:
                text = page.read().decode()
            links = re.findall(r'<a[^>]*href="([^"#]+)[^"]*"[^>]*>([^<]*)</a>', text)
            lines = [f'<a href="/files/{quote(urljoin(url, link), safe="")}/{name}">{name}</a>' for link, name in links]
            return "text/html", "\n".join(["<!doctype html>", *lines]).encode()

        def _file(self) -> tuple[str, bytes]:
            with urllib.request.urlopen(unquote(self.path.split("/")[2]), timeout=120) as file:
                return "application/octet-stream", file.read()

        def log_message(self, *_: object) -> None:
            """Say nothing: pip says what it does."""

    return Handler


# The table


def write_table(rows: list[Row], page: Path = PAGE) -> None:
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    page.write_text(f"{before}{BEGIN}\n{table(rows)}\n{END}{after}", encoding="utf-8")


def update_table(rows: list[Row], page: Path = PAGE) -> None:
    """Replace the rows of the same machine, of the same minor version of Python where it has several."""
    written = page.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip().splitlines()[2:]
    kept = {key_of(row): row for row in (Row(tuple(cells_of(line)), passed=True) for line in written)}
    for row in rows:
        kept[key_of(row)] = row
    order = list(dict.fromkeys(row.cells[0] for row in kept.values()))
    write_table(sorted(kept.values(), key=lambda row: (order.index(row.cells[0]), version_key(row))), page)


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def key_of(row: Row) -> tuple[str, tuple[int, ...]]:
    return row.cells[0], version_key(row)[:2] if row.cells[0] in PER_PYTHON else ()


def version_key(row: Row) -> tuple[int, ...]:
    return tuple(map(int, row.cells[1].split(".")))


def table(rows: list[Row]) -> str:
    lines = [HEADINGS, tuple("---" for _ in HEADINGS), *(row.cells for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", help="the machines whose name or Python holds this")
    parser.add_argument("--update", action="store_true", help="with --only: write these rows into the table")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--run", action="store_true", help="make run alone, without the tests")
    which.add_argument("--whole", action="store_true", help="make test instead of make test-fast")
    options = parser.parse_args()
    chosen = options.only
    scratch = Path(tempfile.mkdtemp(prefix="prefill-matrix-"))
    tests = None if options.run else "test" if options.whole else "test-fast"
    rows = []
    for rank, machine in enumerate(machines(scratch)):
        if chosen and chosen not in f"{machine.name} {machine.python or ''}":
            continue
        began = time.monotonic()
        print(f"{machine.name} ({machine.python or 'python3'})…", flush=True)
        try:
            row = examine(machine, scratch / str(rank), tests)
        except (MatrixError, subprocess.SubprocessError) as failure:
            row = Row((machine.name, _short(machine.python), "", "FAILED", ""), passed=False)
            print(failure)
        rows.append(row)
        print(f"  {' | '.join(row.cells)} ({time.monotonic() - began:.0f} s)", flush=True)
        shutil.rmtree(scratch / str(rank), ignore_errors=True)
    shutil.rmtree(scratch)
    if not chosen:
        write_table(rows)
    elif options.update:
        update_table(rows)
    sys.exit(0 if all(row.passed for row in rows) else 1)


if __name__ == "__main__":
    main()
