"""Print how memory and time grow, as JSON: run in a process of its own so that nothing else is weighed.

python growth.py memory COMPANIES ENTRIES | forms COUNT | fields COUNT
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import stage

from prefill.clock import Clock
from prefill.domain.answers import Answer, Status
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.permissions import Audience
from prefill.forms.filling import fill
from prefill.forms.registry import load_all
from prefill.redis_client import OptionalRedis
from prefill.registers.answer_cache import AnswerCache

HEAD = 'title: Formulaire de mesure\nversion: "1"\naudience: candidate\nfields:\n'
ROW = "  /part{part}/field{rank}:\n    label: Champ {rank}\n    from:\n      etablissements: unite_legale.{key}\n"
KEYS = ("siren", "siret_siege_social", "categorie_entreprise", "personne_morale_attributs.raison_sociale")
NAMES = {"diffusibles": "etablissements", "kbis": "extraits_rcs_infogreffe", "tva": "numero_tva"}


def resident() -> int:
    """Give the bytes that this process holds."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024


def answers(rank: int) -> list[tuple[str, Answer]]:
    """Invent what three registers say of a company, decoded anew as what comes by the wire is."""
    number, said = stage.head_office(stage.invented.siren(rank))
    found = []
    for case in said:
        name = next(name for part, name in NAMES.items() if part in case["path"])
        data = json.loads(json.dumps(case["payload"]))["data"]
        found.append((number, Answer(name, Status.OK, data=data)))
    return found


def memory(companies: int, entries: int) -> dict[str, float]:
    """Weigh a store that was told of so many companies, and holds so many answers at most."""
    clock = Clock()
    store = AnswerCache(OptionalRedis(None, clock=clock), clock=clock, entries=entries)
    before = resident()
    for rank in range(companies):
        for number, answer in answers(rank):
            store.put(CATALOGUE[answer.source], ("", answer.source, number), answer)
    grown = resident() - before
    return {"bytes": grown, "entries": store.size(), "a_company": grown / companies}


def write_form(folder: Path, name: str, fields: int) -> None:
    rows = (ROW.format(part=rank // 10, rank=rank, key=KEYS[rank % len(KEYS)]) for rank in range(fields))
    (folder / f"{name}.yaml").write_text(HEAD + "".join(rows))


def forms(count: int) -> dict[str, float]:
    """Time the load of so many forms of 100 fields."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        for rank in range(count):
            write_form(folder, f"mesure{rank}", 100)
        began = time.process_time()
        loaded = load_all([folder])
        seconds = time.process_time() - began
    assert len(loaded.forms) == count
    return {"seconds": seconds}


def fields(count: int) -> dict[str, float]:
    """Time the mapping of a form of so many fields."""
    with tempfile.TemporaryDirectory() as text:
        write_form(Path(text), "mesure", count)
        form = load_all([Path(text)]).forms["mesure"]
    said = {answer.source: answer for _, answer in answers(1)}
    best = 1e9
    for _ in range(20):
        began = time.process_time()
        for _ in range(10):
            fill(form, said, audience=Audience.CANDIDATE)
        best = min(best, (time.process_time() - began) / 10)
    return {"seconds": best, "a_field": best / count}


if __name__ == "__main__":
    measure = {"memory": memory, "forms": forms, "fields": fields}[sys.argv[1]]
    print(json.dumps(measure(*map(int, sys.argv[2:]))))
