"""Write the script's present address and integrity into its manual and examples: run it after a change of prefill.js."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from prefill.web.routes.pages import script

DOCS = Path(__file__).resolve().parents[1] / "docs"


def main() -> None:
    one = script()
    for path in (DOCS / "widget.md", *sorted((DOCS / "examples").glob("*.html"))):
        text = path.read_text(encoding="utf-8")
        stamped = re.sub(r"/v1/prefill-[0-9a-f]{12}\.js", one.path, text)
        stamped = re.sub(r"sha384-[\w+/=]+", lambda _: one.integrity, stamped)
        path.write_text(stamped, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(DOCS)}: {'stamped' if stamped != text else 'as it was'}\n")


if __name__ == "__main__":
    main()
