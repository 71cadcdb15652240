"""Run a trial of a draft in a process of its own: without the service's environment, and ended when it takes too much."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from prefill.authoring.drafts.filled import TOO_COSTLY, Trial

SECONDS = 20.0  # of a busy machine: half a second is usual
COSTLY = "Ce brouillon demande trop de calcul ou de mémoire : simplifiez ses expressions."
# It finds what this process does, wherever it is installed: in isolated mode neither PYTHONPATH nor a user's folder count.
PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from prefill.authoring.drafts.filled import main; main()"
ROOT = Path(__file__).resolve().parents[3]  # where the package is
INHERITED = ("LD_LIBRARY_PATH",)  # where some platforms have the interpreter's library


def try_draft(trial: Trial, seconds: float = SECONDS) -> dict[str, Any]:
    """Give what `fill_draft` gives, or a refusal of what a limit ended."""
    environ = {name: os.environ[name] for name in INHERITED if name in os.environ}
    places = (str(ROOT), *(str(Path(place).absolute()) for place in sys.path if place))
    command = (sys.executable, "-I", "-B", "-X", "utf8", "-c", PROGRAM, *places)
    try:
        ended = subprocess.run(  # noqa: S603 (this package's own program: the draft is its input)
            command,
            input=json.dumps(asdict(trial)).encode(),
            capture_output=True,
            timeout=seconds,
            env=environ,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"refusal": COSTLY}
    if ended.returncode == TOO_COSTLY or ended.returncode < 0:  # below 0: a signal of the system's
        return {"refusal": COSTLY}
    ended.check_returncode()
    filled: dict[str, Any] = json.loads(ended.stdout)
    return filled
