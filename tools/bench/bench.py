"""Measure the service side by side with something simpler, in ratios; write results.json, figures.md and docs/performance.md.

    python tools/bench/bench.py             everything
    python tools/bench/bench.py warm cold   these alone; the other lines are kept

Figures in seconds mean little on a shared machine: each line is a ratio of two sides that take turns in one
run, its median and its spread. Everything runs on loopback and ends by itself.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import statistics
import sys
import time
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime

import buyers
import more
import redis_trips
import report
import sections
import stage
from lines import SECTIONS

RESULTS = stage.BENCH / "results.json"
MEASURES = (sections, more, buyers, redis_trips)  # they registered themselves


def main(asked: list[str]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that what was started ends too
    kept = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for name in asked or SECTIONS:
        began = time.monotonic()
        print(f"{name}…", flush=True)
        lines = []
        with closing(SECTIONS[name]()) as measured:
            for line in measured:
                lines.append({**asdict(line), "median": statistics.median(line.runs)})
                print(
                    f"  {line.what}: {statistics.median(line.runs):.3g} {line.unit} {line.goal} {line.note}", flush=True
                )
        kept[name] = {
            "what": SECTIONS[name].__doc__, "lines": lines, "seconds": round(time.monotonic() - began),
            "at": datetime.now(UTC).isoformat(timespec="minutes"), "processors": os.cpu_count(),
            "python": platform.python_version(), "load": os.getloadavg()[0],
        }  # fmt: skip
        RESULTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
        report.write(kept)


if __name__ == "__main__":
    main(sys.argv[1:])
