"""Write the table of faults of docs/operate.md: what each fault of each source does to an answer, measured.

    .venv/bin/python -m tools.chaos_table

Asks loopback alone and takes about a minute.
"""

from __future__ import annotations

import re

from tests.conftest import ROOT
from tests.scenarios.test_faults import FAULTS, LONG, VICTIMS, Outcome, Victim, ask
from tests.support.simulator import Simulator, close_service, open_service_on, reasons_of, run_simulator, values_of

PAGE = ROOT / "docs" / "operate.md"
MARKS = re.compile(r"<!-- chaos-table -->.*?<!-- end of chaos-table -->", re.DOTALL)
SOURCES = ("siege_social", "extraits_rcs_infogreffe", "numero_tva", "associations")
HEAD = (
    "| Fault | Fields of that source | Fields kept, of those of a good day | When the establishment shows it | Slowest answer |\n"
    "| --- | --- | ---: | --- | ---: |\n"
)


def outcome_of(simulator: Simulator, victim: Victim, fault: str | None) -> Outcome:
    """Ask a new service about a company one of whose sources shows a fault."""
    simulator.fail({victim.path: fault} if fault else {})
    service = open_service_on(simulator, deadline=LONG)
    try:
        return ask(service, victim)
    finally:
        close_service(service)


def row(simulator: Simulator, fault: str, kept_on_a_good_day: dict[str, int]) -> str:
    """Measure one fault at each source."""
    others = {name: outcome_of(simulator, VICTIMS[name], fault) for name in SOURCES}
    establishment = outcome_of(simulator, VICTIMS["etablissements"], fault)
    reasons = {why for one in others.values() for why in reasons_of(one.body).values()} - {"reserved"}  # of no register
    kept = sum(len(values_of(one.body)) for one in others.values()) / sum(kept_on_a_good_day.values())
    told = establishment.body.get("code") or f"200, {len(values_of(establishment.body))} fields"
    slowest = max(one.seconds for one in (*others.values(), establishment))
    return f"| `{fault}` | {', '.join(sorted(reasons))} | {kept:.0%} | {told} | {slowest:.1f} s |\n"


def table() -> str:
    with run_simulator("--budget-scale", "1000") as simulator:
        simulator.add(*(case for victim in VICTIMS.values() for case in victim.cases))
        good = {name: len(values_of(outcome_of(simulator, VICTIMS[name], None).body)) for name in SOURCES}
        return HEAD + "".join(row(simulator, fault, good) for fault in FAULTS)


def main() -> None:
    made = f"<!-- chaos-table -->\n\n{table()}\n<!-- end of chaos-table -->"
    text = PAGE.read_text(encoding="utf-8")
    if "<!-- end of chaos-table -->" not in text:
        text = text.replace("<!-- chaos-table -->", "<!-- chaos-table --><!-- end of chaos-table -->")
    PAGE.write_text(MARKS.sub(lambda _: made, text, count=1), encoding="utf-8")


if __name__ == "__main__":
    main()
