"""The image: each step of the Dockerfile is run in a scratch folder, then what it starts is used and stopped."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.request import ProxyHandler, build_opener

import pytest

from tools.image_steps import Image, build, close_to_writing, is_ignored, public_python, read_ignored, read_instructions

ROOT = Path(__file__).resolve().parents[2]
OPENER = build_opener(ProxyHandler({}))
IGNORED = read_ignored((ROOT / ".dockerignore").read_text(encoding="utf-8"))

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """Build once, in a folder that another user can enter: the image does not run as root."""
    scratch = Path(tempfile.mkdtemp(prefix="prefill-image-"))
    scratch.chmod(0o755)
    image = build(scratch, python=public_python() if os.geteuid() == 0 else None)
    close_to_writing(image.root)
    yield image
    for folder in (scratch, *scratch.rglob("*")):
        if folder.is_dir() and not folder.is_symlink():
            folder.chmod(0o755)
    shutil.rmtree(scratch)


def start(image: Image, words: tuple[str, ...], **environ: str) -> subprocess.Popen[bytes]:
    """Start a command of the image as its user, when this one may become another."""
    user, group = image.user or (None, None)
    as_other = {"user": user, "group": group, "extra_groups": []} if os.geteuid() == 0 and public_python() else {}
    return subprocess.Popen(
        words,
        cwd=image.place(""),
        env={**image.environ, "HOME": "/nonexistent", **environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **as_other,
    )


@pytest.fixture
def container(image: Image) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    process = start(image, image.command, PORT=str(port), PREFILL_SANDBOX="1")
    yield process, port
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def await_health(image: Image, port: int) -> int:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        check = start(image, image.healthcheck, PORT=str(port))
        if check.wait(30) == 0:
            return 0
    return 1


def test_the_image_serves_invented_companies_and_its_health_check_says_so(image, container):
    _, port = container

    assert await_health(image, port) == 0
    with OPENER.open(f"http://127.0.0.1:{port}/v1/prefill/00000100800010", timeout=10) as answer:
        assert json.load(answer)["siret"] == "00000100800010"


def test_the_health_check_fails_where_nothing_listens(image):
    check = start(image, image.healthcheck, PORT=str(free_port()))

    assert check.wait(30) != 0


def test_the_image_stops_at_the_signal_of_an_engine(image, container):
    process, port = container
    await_health(image, port)

    process.send_signal(getattr(signal, image.stop_signal))

    assert process.wait(20) == 0


def test_the_image_holds_neither_pip_nor_tests_nor_secrets(image):
    installed = {path.name.lower() for path in image.root.glob("venv/lib/python*/site-packages/*")}

    assert "flask" in installed
    assert installed.isdisjoint({"pip", "pytest", "hypothesis", "playwright"})
    assert {path.name for path in image.place("").iterdir()} == {"prefill", "schemas", "requirements.lock"}


def test_the_image_runs_as_nobody_known(image):
    assert image.user is not None
    assert min(image.user) >= 10000


@pytest.mark.parametrize(
    ("path", "left_out"),
    [
        (".env", True),
        (".git/config", True),
        ("tests/conftest.py", True),
        ("prefill/app.py", False),
        ("prefill/__pycache__/app.pyc", True),
        ("schemas/dume.yaml", False),
        ("requirements-dev.lock", True),
        ("requirements.lock", False),
    ],
)
def test_only_the_service_is_sent_to_the_engine(path, left_out):
    assert is_ignored(PurePosixPath(path), IGNORED) is left_out


def test_a_step_in_several_lines_is_one_instruction():
    text = '# comment\nRUN one \\\n && two\n\nCMD ["x"]\n'

    assert [(one.name, one.value) for one in read_instructions(text)] == [("RUN", "one   && two"), ("CMD", '["x"]')]
