"""Run the steps of the Dockerfile in a scratch folder: what can be shown of the image where no container engine runs.

    python -m tools.image_steps

Each stage has a folder that stands for its root file system. `COPY` obeys .dockerignore, `RUN` is run by a shell with
the image's paths moved under that folder, `ENV` and `USER` hold for what follows. The base image is played by a Python
of this machine. What a scratch folder cannot show: the packages of the base image and the isolation of a container.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from string import Template

ROOT = Path(__file__).resolve().parents[1]
# What describes an image rather than making it.
DESCRIBING = frozenset({"LABEL", "EXPOSE"})


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of a Dockerfile, its lines joined."""

    name: str
    value: str


@dataclass(slots=True)
class Image:
    """A stage once its instructions have run.

    Attributes:
        root: The folder that stands for `/`.
        workdir: The working directory, as the image names it.
        environ: What `ENV` set, paths moved under `root`.
        user: The user and group ids of `USER`, None for root.
        command: The words of `CMD`.
        healthcheck: The words of `HEALTHCHECK`.
        stop_signal: The signal that a container engine sends first.
    """

    root: Path
    workdir: PurePosixPath = field(default_factory=lambda: PurePosixPath("/"))
    environ: dict[str, str] = field(default_factory=dict)
    user: tuple[int, int] | None = None
    command: tuple[str, ...] = ()
    healthcheck: tuple[str, ...] = ()
    stop_signal: str = "SIGTERM"

    def place(self, path: str) -> Path:
        """Give the folder of this machine that stands for a path of the image."""
        return self.root / str(self.workdir / path).lstrip("/")


def read_instructions(text: str) -> Iterator[Instruction]:
    """Read a Dockerfile without heredocs or parser directives, which ours has not."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, _, value = line.strip().partition(" ")
        yield Instruction(name.upper(), value.strip())


def read_ignored(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


def is_ignored(path: PurePosixPath, patterns: tuple[str, ...]) -> bool:
    """Tell whether .dockerignore leaves a path out: its last pattern that matches it, or a folder above it, wins."""
    names = [str(parent) for parent in (path, *path.parents) if parent.parts]
    ignored = False
    for pattern in patterns:
        bare = pattern.removeprefix("!").removeprefix("**/")
        deep = pattern.startswith(("**/", "!**/"))
        if any(fnmatch(PurePosixPath(name).name if deep else name, bare) for name in names):
            ignored = not pattern.startswith("!")
    return ignored


def image_folders(instructions: list[Instruction]) -> frozenset[str]:
    """List the folders at the top of the image that its own instructions make."""
    texts = " ".join(one.value for one in instructions if one.name in ("WORKDIR", "COPY"))
    return frozenset(re.findall(r"(?<!\S)/(\w+)", texts))


def build(scratch: Path, context: Path = ROOT, python: str | None = None) -> Image:
    """Run every stage and give the last image. Raise `CalledProcessError` when a step fails."""
    instructions = list(read_instructions((context / "Dockerfile").read_text(encoding="utf-8")))
    builder = _Builder(scratch, context, image_folders(instructions), python or sys.executable)
    for instruction in instructions:
        builder.run(instruction)
    return builder.image


def public_python() -> str | None:
    """Find a Python that other users of this machine may run too, as root; None when there is none."""
    for candidate in (getattr(sys, "_base_executable", sys.executable), "/usr/bin/python3", "/usr/local/bin/python3"):
        script = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"
        if Path(candidate).exists() and _runs(candidate, script):
            return candidate
    return None


def _runs(python: str, script: str) -> bool:
    try:
        tried = subprocess.run(
            [python, "-c", script], user=10001, group=10001, cwd="/", capture_output=True, check=False
        )
    except PermissionError:
        return False
    return tried.returncode == 0


class _Builder:
    """Run instructions one after the other, a stage at a time."""

    def __init__(self, scratch: Path, context: Path, folders: frozenset[str], python: str) -> None:
        self._scratch = scratch
        self._context = context
        self._moved = re.compile(rf"(?<![\w./])/(?={'|'.join(sorted(folders))}\b)")
        self._python = python
        self._ignored = read_ignored((context / ".dockerignore").read_text(encoding="utf-8"))
        self._stages: dict[str, Image] = {}
        self.image = Image(scratch)

    def run(self, instruction: Instruction) -> None:
        """Run one instruction. Raise `ValueError` for one that this program does not know."""
        if instruction.name in DESCRIBING:
            return
        step = getattr(self, f"_{instruction.name.lower()}", None)
        if step is None:
            raise ValueError(f"an instruction that is not known: {instruction.name}")
        step(instruction.value)

    def _from(self, value: str) -> None:
        image, _, name = value.partition(" AS ")
        if not image.startswith("python:"):
            raise ValueError(f"a base image that no Python of this machine stands for: {image}")
        root = self._scratch / (name or "final")
        (root / ".base").mkdir(parents=True)
        program = root / ".base" / "python"
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(self._python)} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        self.image = Image(root, environ={"PATH": f"{root}/.base:{os.defpath}"})
        self._stages[name or "final"] = self.image

    def _env(self, value: str) -> None:
        for word in shlex.split(value):
            name, _, text = word.partition("=")
            self.image.environ[name] = Template(self._move(text)).substitute(self.image.environ)

    def _workdir(self, value: str) -> None:
        self.image.workdir = PurePosixPath(value)
        self.image.place("").mkdir(parents=True, exist_ok=True)

    def _copy(self, value: str) -> None:
        words = shlex.split(value)
        if words[0].startswith("--from="):
            stage = self._stages[words[0].removeprefix("--from=")]
            shutil.copytree(stage.place(words[1]), self.image.place(words[2]), symlinks=True, dirs_exist_ok=True)
            return
        *sources, target = words
        for source in sources:
            place = self.image.place(target)
            self._copy_from_context(self._context / source, place / source if target.endswith("/") else place)

    def _copy_from_context(self, source: Path, place: Path) -> None:
        if is_ignored(PurePosixPath(source.relative_to(self._context).as_posix()), self._ignored):
            return
        if source.is_dir():
            for child in sorted(source.iterdir()):
                self._copy_from_context(child, place / child.name)
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, place)

    def _run(self, value: str) -> None:
        command = ["/bin/sh", "-c", self._move(value)]
        environ = {**_index_settings(os.environ), **self.image.environ}
        subprocess.run(command, cwd=self.image.place(""), env=environ, check=True)

    def _user(self, value: str) -> None:
        user, _, group = value.partition(":")
        self.image.user = int(user), int(group)

    def _cmd(self, value: str) -> None:
        self.image.command = tuple(json.loads(value))

    def _healthcheck(self, value: str) -> None:
        self.image.healthcheck = tuple(json.loads(value[value.index("CMD ") + 4 :]))

    def _stopsignal(self, value: str) -> None:
        self.image.stop_signal = value

    def _move(self, text: str) -> str:
        return self._moved.sub(f"{self.image.root}/", text)


def _index_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Keep how this machine reaches its package index, as build arguments would."""
    return {name: value for name, value in environ.items() if re.match(r"(?i)PIP_|\w+_proxy$|SSL_|HOME$", name)}


def close_to_writing(root: Path) -> None:
    """Take the right to write from a whole tree, and let others read it."""
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod((mode | (0o555 if path.is_dir() or mode & 0o100 else 0o444)) & ~0o222)


def main() -> None:
    """Build, and say where."""
    scratch = Path(tempfile.mkdtemp(prefix="prefill-image-"))
    image = build(scratch)
    sys.stdout.write(f"{image.root}: {shlex.join(image.command)}\n")


if __name__ == "__main__":
    main()
