"""Run a trial of a draft in a process of its own: without the service's environment, and ended when it takes too much."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from prefill.authoring.drafts.filled import TOO_COSTLY, Trial

SECONDS = 20.0  # of a busy machine: half a second is usual
COSTLY = "Ce brouillon demande trop de calcul ou de mémoire : simplifiez ses expressions."
ROOT = Path(__file__).resolve().parents[3]  # where the package is
PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from prefill.authoring.drafts.filled import main; main()"
COMMAND = (sys.executable, "-I", "-B", "-X", "utf8", "-c", PROGRAM, str(ROOT))


def try_draft(trial: Trial, seconds: float = SECONDS) -> dict[str, Any]:
    """Give what `fill_draft` gives, or a refusal of what a limit ended."""
    try:
        ended = subprocess.run(  # noqa: S603 (this package's own program: the draft is its input)
            COMMAND, input=json.dumps(asdict(trial)).encode(), capture_output=True, timeout=seconds, env={}, check=False
        )
    except subprocess.TimeoutExpired:
        return {"refusal": COSTLY}
    if ended.returncode == TOO_COSTLY or ended.returncode < 0:  # below 0: a signal of the system's
        return {"refusal": COSTLY}
    ended.check_returncode()
    filled: dict[str, Any] = json.loads(ended.stdout)
    return filled
