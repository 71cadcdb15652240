"""Replace a file whole: whoever reads it, or is cut off while it is written, has the former or the new one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

OWNER_ALONE = 0o600


def replace_file(path: Path, content: bytes, mode: int = OWNER_ALONE) -> None:
    """Write a file beside, down to the disk, and put it in the place of `path`. Raises `OSError`, leaving nothing."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
