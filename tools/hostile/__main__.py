"""Run scenarios and print their figures, one JSON line each: `.venv/bin/python -m tools.hostile [SCENARIO …]`.

Everything is on loopback and ends by itself. Exits with 1 when an answer was lost, one of ours was 5xx, health failed, or
an observer guessed better than chance.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, fields
from typing import Any

import click

from tools.hostile import oracle, scenarios
from tools.hostile.client import Health

SCENARIOS = {
    "slow-candidates": scenarios.slow_candidates,
    "streams": scenarios.streams,
    "silent-clients": scenarios.silent_clients,
    "slow-bodies": scenarios.slow_bodies,
    "killed-worker": scenarios.killed_worker,
    "presence": oracle.presence,
}


def vars_of(figures: scenarios.Figures | oracle.Guesses) -> dict[str, Any]:
    plain = {each.name: getattr(figures, each.name) for each in fields(figures)}
    return {name: asdict(value) if isinstance(value, Health) else value for name, value in plain.items()}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(SCENARIOS)))
def main(*, names: tuple[str, ...]) -> None:
    held = True
    for name in names or SCENARIOS:
        figures = SCENARIOS[name]()
        click.echo(json.dumps({**vars_of(figures), "held": figures.held}))
        held = held and figures.held
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
