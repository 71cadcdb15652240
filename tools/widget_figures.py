"""Measure what the form script costs a page and write it into its manual: `python -m tools.widget_figures`.

It needs Node, the packages of `widget/` and Chromium. Nothing else should run meanwhile: on a busy machine `chrt -r 1`
before the command keeps the rest away, which the table then says.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefill.web.middleware.encodings import compress_once
from prefill.web.widget_releases import current_module, current_script, current_search
from tests.support.kit_site import Service, build_kits, serving, site
from tests.support.npm import node

PAGE = Path(__file__).resolve().parents[1] / "docs" / "integrate.md"
FILES = {"script": current_script, "search, on demand": current_search, "ES module, whole": current_module}
RUNS = 9


def main() -> None:
    visits = measure()
    rows = [*size_rows(), *visit_rows(visits)]
    alone = "" if os.sched_getscheduler(0) == os.SCHED_OTHER else "chrt -r 1 "
    told = (
        f"`{alone}python -m tools.widget_figures`, {datetime.now(UTC):%Y-%m-%d}, sandbox, Chromium, {RUNS} visits, "
        f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.0f}."
    )
    table = "\n".join(["| Figure | Here | Limit |", "| --- | --- | --- |", *rows, "", told])
    page = PAGE.read_text(encoding="utf-8")
    block = f"<!-- figures -->\n{table}\n<!-- end -->"
    PAGE.write_text(
        re.sub(r"<!-- figures -->.*?<!-- end -->", lambda _: block, page, flags=re.DOTALL), encoding="utf-8"
    )
    sys.stdout.write(f"{table}\n")


def measure() -> list[dict[str, Any]]:
    """Visit the forms: what each visit measured."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        sys.exit("no Chromium on this machine")
    build_kits()
    with serving(site) as pages, serving(Service()) as service:
        places = {"PREFILL_SITE": pages, "PREFILL_SERVICE": service, "PREFILL_EXECUTABLE": chromium}
        done = node("tests/browser/figures.mjs", timeout=600, PREFILL_RUNS=str(RUNS), **places)
    if done.returncode:
        sys.exit(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def size_rows() -> Iterator[str]:
    for name, read in FILES.items():
        body = read().body
        limit = "10 kB" if read is current_script else ""
        yield f"| {name}, br | {len(compress_once(body, 'br')) / 1000:.1f} kB ({len(body) / 1000:.0f} as it is) | {limit} |"


def visit_rows(visits: list[dict[str, Any]]) -> Iterator[str]:
    shifts = {visit["kit"]: visit["cls"] for visit in visits[:3]}
    asked = [request for request in visits[0]["requests"] if not request.endswith((".js", ".css"))]
    timed = visits[3:]
    plain = [visit for visit in timed if visit["slowed"] == 1]
    slowed, by_hand = ([one for one in timed if one["slowed"] == 4 and one["bare"] == bare] for bare in (False, True))
    yield f"| requests of a visit | {len(asked)}: {', '.join(f'`{one}`' for one in asked)} | |"
    yield f"| 14th digit to first field | {_spread(plain, 'firstField')} | 60 ms |"
    yield f"| JavaScript of a fill, thread time | {_spread(plain, 'script')} | |"
    yield f"| … processor slowed 4 times | {_spread(slowed, 'script')} | 10 ms |"
    yield f"| … with the browser's style and layout | {_spread(slowed, 'script', 'layout')} | |"
    yield f"| … the same values by ten lines of the page | {_spread(by_hand, 'script', 'layout')} | |"
    told = ", ".join(f"{kit} {value:.4f}".replace("0.0000", "0") for kit, value in shifts.items())
    yield f"| layout shift, slow register | {told} | 0 |"


def _spread(visits: list[dict[str, Any]], *names: str) -> str:
    values = [sum(visit[name] for name in names) for visit in visits]
    return f"{statistics.median(values):.1f} ms ({min(values):.1f} to {max(values):.1f})"


if __name__ == "__main__":
    main()
