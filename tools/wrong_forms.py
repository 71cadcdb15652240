"""Rewrite what the checker says of each form of tests/forms/wrong_forms.md: read the difference before committing it.

python tools/wrong_forms.py
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.wrong_forms import PAGE, observed, read_wrong_forms, render_wrong_forms


def main() -> None:
    forms = tuple(map(observed, read_wrong_forms()))
    PAGE.write_text(render_wrong_forms(forms), encoding="utf-8")
    print(f"{len(forms)} forms in {PAGE.name}")


if __name__ == "__main__":
    main()
