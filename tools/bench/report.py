"""Write the measures into the tables of docs/performance.md, between its marks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
JUDGED = {True: "yes", False: "**no**", None: ""}


def write(results: Mapping[str, Any]) -> None:
    """Replace what stands between `<!-- bench:NAME -->` and `<!-- end -->` for each section measured."""
    page = PAGE.read_text(encoding="utf-8")
    for name, found in results.items():
        block = f"<!-- bench:{name} -->\n{table(name, found)}\n<!-- end -->"
        page = re.sub(rf"<!-- bench:{name} -->.*?<!-- end -->", lambda _, text=block: text, page, flags=re.DOTALL)
    PAGE.write_text(page, encoding="utf-8")


def table(name: str, found: Mapping[str, Any]) -> str:
    head = ["Measure", "Median", "Least to most", "Goal", "Met", "Beside"]
    rows = [head, ["---", "---:", "---:", "---:", "---", "---"], *map(_row, found["lines"])]
    written = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    told = f"`make bench ONLY={name}`, {found['at']}, {found['seconds']} s, load average {found['load']:.1f}"
    return f"{written}\n\n{told} on {found['processors']} processors."


def _row(line: Mapping[str, Any]) -> list[str]:
    runs, unit = line["runs"], "" if line["unit"] == "×" else f" {line['unit']}"
    spread = f"{min(runs):.3g} to {max(runs):.3g}, {len(runs)} runs" if len(runs) > 1 else "one run"
    return [line["what"], f"{line['median']:.3g}{unit}", spread, line["goal"], JUDGED[line["meets"]], line["note"]]
