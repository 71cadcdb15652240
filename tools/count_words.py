"""Count the words of the documentation that people write, without generated tables, fenced examples and decisions.

python -m tools.count_words
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GENERATED_PAGES = frozenset({"settings.md", "sources.md"})
MARKED = re.compile(
    r"<!-- (?:generated: |bench:|chaos-table|install-matrix: begin|figures).*?<!-- (?:install-matrix: )?end.*?-->",
    re.DOTALL,
)

FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def words(text: str) -> int:
    """Count what has a letter or a digit, between blanks, outside generated tables and fenced examples."""
    return sum(bool(re.search(r"\w", word)) for word in FENCED.sub("", MARKED.sub("", text)).split())


def pages() -> dict[str, int]:
    """Give each page of the repository's root and of docs/ with its words."""
    found = [ROOT / name for name in ("README.md", "README.fr.md", "CONTRIBUTING.md", "SECURITY.md")]
    found += [page for page in sorted((ROOT / "docs").glob("*.md")) if page.name not in GENERATED_PAGES]
    return {page.name: words(page.read_text(encoding="utf-8")) for page in found}


def main() -> None:
    counted = pages()
    for name, count in counted.items():
        print(f"{count:6} {name}")
    print(f"{sum(counted.values()):6} in all")


if __name__ == "__main__":
    main()
