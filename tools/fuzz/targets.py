"""What is fuzzed: each target takes any bytes, and bursts when our code does or when its answer breaks a promise.

`SEEDS` gives each target whole inputs to start from. The same functions are driven by atheris (`python -m tools.fuzz`) and,
shortly and without it, by hypothesis in the tests.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from prefill.app import create_app
from prefill.config_files.diagnostics import InvalidConfigFile
from prefill.domain.dates import PARIS
from prefill.domain.identifiers import holds_number, is_rna, luhn, parse_entry, spaced, valid_siret
from prefill.espd.draft import draft_response
from prefill.espd.model import Declared
from prefill.espd.reading.agreement import compare, number_of
from prefill.espd.reading.reader import read
from prefill.espd.reading.request import read_request
from prefill.espd.reading.restored import restore
from prefill.espd.writer import Identity, complete_request, write_profile
from prefill.forms.registry import load_file
from prefill.problems import Language, Problem
from prefill.settings import Settings
from tools.hostile_xml import REPEATED, inside, laughs

SCHEMAS = Path(__file__).parents[2] / "schemas"
TYPED = (
    "000 001 008 00010",
    "552.049.447",
    "W751234567",
    "５５２０４９４４７",
    "³³³³³³³³³",
    "FR40 303 265 045",
    "356000000 00048",
)
MANY_EDITS = 8
LANGUAGES: tuple[Language, ...] = ("fr", "en")
IDENTITY = Identity("1", "5f0f3d2e-0000-4000-8000-000000000001", datetime(2026, 11, 25, 10, 0, tzinfo=PARIS))
ASKED = """<cbc:UBLVersionID>2.3</cbc:UBLVersionID><cbc:ProfileExecutionID>ESPD-EDMv4.1.0</cbc:ProfileExecutionID>
<cbc:ID schemeAgencyID="ville">REQ-1</cbc:ID><cbc:UUID schemeAgencyID="ville">u-1</cbc:UUID>
<cbc:ContractFolderID>2026-TRX-014</cbc:ContractFolderID><cbc:IssueDate>2026-10-01</cbc:IssueDate>
<cac:ContractingParty><cac:Party/></cac:ContractingParty><cac:ProcurementProjectLot><cbc:ID>LOT-0000</cbc:ID></cac:ProcurementProjectLot>
<cac:TenderingCriterion><cbc:ID>499efc97-2ac1-4af2-9e84-323c2ca67747</cbc:ID><cac:TenderingCriterionPropertyGroup>
<cbc:ID>C29_SC_gen-year-to/RG1/RSG1/QSG3</cbc:ID><cac:TenderingCriterionProperty><cbc:ID>q</cbc:ID><cbc:TypeCode>QUESTION</cbc:TypeCode>
<cbc:ValueDataTypeCode>DATE</cbc:ValueDataTypeCode></cac:TenderingCriterionProperty></cac:TenderingCriterionPropertyGroup></cac:TenderingCriterion>"""
SHORT_FORM = """title: Fiche
version: "1"
audience: candidate
fields:
  /company/name:
    label: Raison sociale
    from:
      - etablissements: unite_legale.personne_morale_attributs.raison_sociale
"""
WRONG_FORM = """extends: dume
title: {fr: Fiche, en: Sheet}
version: "2"
fields:
  /a: &a
    label: {fr: Nom, en: Name}
    alias: name
    confirm: true
    from:
      - etablissements: unite_legale.forme_juridique.code
        map: {"5710": SAS}
      - numero_tva: tva_number
  /list:
    type: list
    entries: [{<<: *a}, {from: [{extraits_rcs_infogreffe: "mandataires[].nom"}]}]
"""


def identifiers(data: bytes, _: Path) -> None:
    """What names a company is read into a number that can exist, once and for all, or refused with a sentence."""
    text = data.decode("utf-8", "surrogateescape")
    holds_number(text)
    try:
        number = parse_entry(text)
    except Problem as problem:
        _check_sentence(problem)
        return
    exists = is_rna(number) or (luhn(number) if len(number) == 9 else valid_siret(number))
    _require(exists, f"a number that cannot exist: {number}")
    _require(parse_entry(number) == parse_entry(spaced(number)) == number, f"not read twice alike: {number}")


def forms(data: bytes, folder: Path) -> None:
    """A form file is loaded, or refused with sentences of ours that name it."""
    path = folder / "fuzzed.yaml"
    path.write_bytes(data)
    try:
        load_file(path, [])
    except InvalidConfigFile as refusal:
        _require(any(one.blocking for one in refusal.diagnostics), "a refusal without a mistake")
        for one in refusal.diagnostics:
            _require(bool(one.message) and path.name in one.file, f"a mistake without sentence or file: {one}")


def espd(data: bytes, _: Path) -> None:
    """A document is summed up, completed and restored, or refused with a problem that says what is wrong."""
    for use in (read, _complete, _restore):
        try:
            use(data)
        except Problem as problem:
            _check_sentence(problem)
            _require(problem.status < 500, f"a fault of ours: {problem.code}")


def _complete(data: bytes) -> None:
    asked = read_request(data)
    draft = draft_response(_known(), Declared(lot=asked.lot(None), residence={0: "FRA"}))
    if not draft.remaining:
        complete_request(asked, draft, IDENTITY)


def _restore(data: bytes) -> None:
    restored = restore(data)
    number_of(restored.data)
    compare(restored.data, restored.data)


def _check_sentence(problem: Problem) -> None:
    for language in LANGUAGES:
        _require(bool(re.search(r"[.!?]$", problem.detail(language))), f"no sentence: {problem.detail(language)}")


def _require(holds: bool, promise: str) -> None:  # noqa: FBT001
    if not holds:
        raise AssertionError(promise)


def _typed() -> list[bytes]:
    return [text.encode() for text in TYPED]


def _forms() -> list[bytes]:
    """A short form, one with mistakes of many kinds, and a whole one: short inputs are many in a second."""
    return [SHORT_FORM.encode(), WRONG_FORM.encode(), (SCHEMAS / "dc1.yaml").read_bytes()]


@cache
def _known() -> dict[str, Any]:
    """What the registers of the sandbox know of a company."""
    answer = create_app(Settings(rate_limit=0)).test_client().get("/v1/prefill/00000100800010").json
    data: dict[str, Any] = answer["data"] if answer else {}
    return data


def _documents() -> list[bytes]:
    """What the service writes of an invented company, a Request with one question, and two hostile ones."""
    written = write_profile(draft_response(_known(), Declared(residence={0: "FRA"})), IDENTITY)
    return [written, inside(ASKED).encode(), inside(REPEATED).encode(), laughs().encode()]


Target = Callable[[bytes, Path], None]
TARGETS: Mapping[str, Target] = {"identifiers": identifiers, "forms": forms, "espd": espd}
SEEDS: Mapping[str, Callable[[], list[bytes]]] = {
    "identifiers": cache(_typed),
    "forms": cache(_forms),
    "espd": cache(_documents),
}


def altered(name: str, chance: random.Random) -> bytes:
    """A seed of a target with some edits: pieces that are lost, doubled, exchanged, bytes that change."""
    seeds = SEEDS[name]()
    data = chance.choice(seeds)
    for _ in range(chance.randrange(MANY_EDITS)):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice((1, 1, 4, 30, 300)))
        other = chance.choice(seeds)
        from_other = chance.randrange(len(other) + 1)
        piece = chance.choice(
            (b"", bytes([chance.randrange(256)]), 2 * data[start:end], other[from_other:][: end - start])
        )
        data = data[:start] + piece + data[end:]
    return data
