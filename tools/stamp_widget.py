"""Write the present address and integrity of the form script into its manual and examples: run it after a build."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from prefill.web.widget_releases import STATIC, Release, current_module, current_script

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "docs" / "integrate.md", *sorted((STATIC / "examples").glob("*.html")))


def main() -> None:
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        stamped = stamp(text)
        path.write_text(stamped, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)}: {'stamped' if stamped != text else 'as it was'}\n")


def stamp(text: str) -> str:
    """Name the current files instead of those that the text names."""
    return _stamp(_stamp(text, current_script()), current_module())


def _stamp(text: str, release: Release) -> str:
    """Replace the addresses of one kind of file, and the integrity that follows each."""
    address = rf"/v1/prefill[-@][\w.]+?\.{release.suffix}\b(?!\.)"
    both = rf"({address})(\"?\s+integrity=\"?)sha384-[\w+/=]+"
    text = re.sub(both, lambda match: f"{release.path}{match[2]}{release.integrity}", text)
    return re.sub(address, release.path, text)


if __name__ == "__main__":
    main()
