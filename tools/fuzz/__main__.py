"""Fuzz with atheris: `python -m tools.fuzz identifiers|forms|espd [--seconds N]`, which `make fuzz` does for all three.

Bounded by time; ends with 1, with the input beside it, at the first fault. Needs atheris (requirements-fuzz.lock).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris
import click

with atheris.instrument_imports(include=["prefill"]):
    from tools.fuzz.targets import SEEDS, TARGETS


@click.command()
@click.argument("name", type=click.Choice(list(TARGETS)))
@click.option("--seconds", type=click.IntRange(min=1), default=60, show_default=True)
@click.option("--faults", type=click.Path(path_type=Path), default=Path("build/fuzz"), show_default=True)
def main(*, name: str, seconds: int, faults: Path) -> None:
    faults.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        corpus, scratch = Path(folder, "corpus"), Path(folder, "scratch")
        corpus.mkdir()
        scratch.mkdir()
        for rank, seed in enumerate(SEEDS[name]()):
            (corpus / str(rank)).write_bytes(seed)
        options = [f"-max_total_time={seconds}", "-timeout=10", "-max_len=20000", "-print_final_stats=1"]
        atheris.Setup(
            [sys.argv[0], *options, f"-artifact_prefix={faults}/{name}-", str(corpus)],
            lambda data: TARGETS[name](data, scratch),
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main()
