"""What the system allows a process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from prefill.process_limits import raise_descriptor_limit, thread_limit


@pytest.fixture
def limit(tmp_path):
    """What root is allowed in these cgroups: paths and their limits; `own` is the process's line."""

    def read(own: str, **limits: str) -> int | None:
        (tmp_path / "own").write_text(f"9:memory:/x\n{own}\n")
        for path, text in limits.items():
            folder = tmp_path / "cgroups" / path.replace("__", "/").strip("/")
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "pids.max").write_text(text)
        return thread_limit(user=0, cgroups=tmp_path / "cgroups", own=tmp_path / "own")

    return read


def test_a_container_has_the_limit_of_its_cgroup(limit):
    assert limit("0::/app", app="256\n") == 256


def test_the_cgroups_around_count_too(limit):
    assert limit("0::/box/app", box="100\n", box__app="max\n") == 100


def test_the_first_version_of_cgroups_is_read(limit):
    assert limit("4:pids:/app", pids__app="512\n") == 512


def test_no_limit_is_none(limit):
    assert limit("0::/app", app="max\n") is None
    assert limit("0::/elsewhere") is None
    assert limit("what is this") is None


def test_the_limit_of_the_user_counts_but_for_root():
    program = "import resource; from prefill.process_limits import thread_limit; \
resource.setrlimit(resource.RLIMIT_NPROC, (77, 77)); print(thread_limit(user=1000), thread_limit(user=0) == 77)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["77", "False"]


def test_descriptors_are_raised_to_what_the_system_lets():
    program = "import resource; from prefill.process_limits import raise_descriptor_limit; \
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 300)); print(raise_descriptor_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["300", "300", "300"]
    assert raise_descriptor_limit() > 0
