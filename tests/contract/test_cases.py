"""Every case of the reference, as a candidate and as an agent get it, against expectations worked out by hand.

The expectations are in `expected/`, by SIRET. Whatever they do not name must say nothing of the company: a proof in any
other state than a neutral one, a notice or a mention that is not expected fails the test.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
import yaml
from flask.testing import FlaskClient

from prefill.assembly import open_upstream
from prefill.domain.answers import Status
from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.domain.company import Company
from prefill.domain.dates import PARIS
from prefill.domain.sources import Identifier
from prefill.registers.client import RegisterClient
from prefill.settings import Settings
from tests.contract.reference import CASES as CASES_FILE
from tests.contract.reference import PRODUCTION_SHAPES, Reference, read, require_reference, run_reference
from tests.support.factories import LYON, ask, details_of, proofs_of, write_keys, write_tenants
from tests.support.sandbox import run_sandbox
from tests.support.simulator import Simulator, at, close_service, found, open_service_on, reasons_of, values_of

require_reference()

pytestmark = pytest.mark.slow
EXPECTED = Path(__file__).with_name("expected")
Case = Mapping[str, Any]

# States that say nothing of the company: no register gave a fact of it, or the row is not asked at all.
NEUTRAL = frozenset({"out_of_scope", "not_delivered", "not_applicable", "not_queried", "withdrawn", "never_queried"})
# Of these three, « available » says only that the Insee knows the company.
OF_INSEE = frozenset({"etablissements", "entreprises", "siege_social"})
# What no sentence or value may hold: a mask, the label of what a table lacks, an escaped, a hidden or a control character.
NEVER_SHOWN = re.compile(
    r"\[ND\]|non référencé|&(?:quot|amp|lt|gt|apos|#\d+);|[\u202a-\u202e\u2066-\u2069]|\\u00[01]", re.IGNORECASE
)
ON_DEMAND = "documents_associations,actes_inpi,conventions_collectives"
# What of another year the doubles answer is theirs: the cases' years pass.
YEARLY = frozenset(source.name for source in SOURCES if "{year}" in source.path)
IDENTIFIERS = frozenset(map(str, Identifier))
YEAR = datetime.now(PARIS).year
NO_QUOTA = ("--budget-scale", "1000")
COMPANIES_EACH = 20  # at some forty calls each, an address may ask a thousand


@cache
def expectations(name: str) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load((EXPECTED / f"{name}.yaml").read_text(encoding="utf-8"))
    return loaded


FILES = (CASES_FILE, PRODUCTION_SHAPES)
CASES: list[Case] = [case for file in FILES for case in read(file)]
EXPECTED_OF: Mapping[str, Any] = {**expectations("cases"), **expectations("production-shapes")}
OURS = [number for number, expected in EXPECTED_OF.items() if expected.get("ours")]
# The SIREN of the associations whose RNA number the Insee gives.
SIREN_OF = {
    case["payload"]["data"]["unite_legale"]["rna"]: case["params"]["siret"][:9]
    for case in CASES
    if case["path"] == CATALOGUE["etablissements"].path and case["status"] == 200
    if case["payload"]["data"]["unite_legale"]["rna"]
}


@pytest.fixture(scope="module", params=["reference", "sandbox"])
def running(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """Each of the two in turn, with every case and quotas that no test spends."""
    if request.param == "reference":
        with run_reference(*NO_QUOTA, *options("--more")) as url:
            yield Reference(url)
    else:
        with run_sandbox(*NO_QUOTA, *options("--cases")) as sandbox:
            yield sandbox


def options(name: str) -> Iterator[str]:
    for file in FILES:
        yield from (name, str(file))


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    running.reset()
    running.add(*by_siren(), *establishments_of_ours())
    return running


def establishments_of_ours() -> Iterator[dict[str, Any]]:
    for number in OURS:
        open_case = found(number)
        yield from (open_case, {**open_case, "path": CATALOGUE["etablissements_instructeur"].path})


def by_siren() -> Iterator[dict[str, Any]]:
    """Give the cases of associations, known by their RNA number alone, under their SIREN too, and to agents, as the upstream does."""
    protected = CATALOGUE["associations_instructeur"].path
    known = {case["params"]["siren_or_rna"] for case in CASES if case["path"] == protected}
    for case in CASES:
        number = case["params"].get("siren_or_rna", "")
        if number in SIREN_OF:
            asked = {**case, "params": {"siren_or_rna": SIREN_OF[number]}}
            yield from (asked, {**asked, "path": protected}) if number not in known else (asked,)


class Sides:
    """A service for candidates and one for agents, opened anew before they spend what an address may ask in a minute."""

    def __init__(self, simulator: Simulator, folder: Path) -> None:
        self._simulator = simulator
        self._folder = folder
        self._tenants = str(write_tenants(folder, str(write_keys(folder))))
        self._opened: tuple[FlaskClient, FlaskClient] | None = None
        self._asked = 0

    def open(self) -> tuple[FlaskClient, FlaskClient]:
        if self._opened is None or self._asked == COMPANIES_EACH:
            self.close()
            trace = str(self._folder / "trace.log")
            buyer = open_service_on(self._simulator, tenants=self._tenants, audit=trace, token=None)
            self._opened, self._asked = (open_service_on(self._simulator), buyer), 0
        self._asked += 1
        return self._opened

    def close(self) -> None:
        for service in self._opened or ():
            close_service(service)


@pytest.fixture(scope="module")
def sides(running: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    sides = Sides(running, tmp_path_factory.mktemp("tenants"))
    yield sides
    sides.close()


def establishments() -> set[str]:
    paths = {CATALOGUE[name].path for name in ("etablissements", "etablissements_instructeur")}
    return {case["params"]["siret"] for case in CASES if case["path"] in paths}


def test_every_company_of_the_cases_has_its_expectations():
    assert establishments() == set(EXPECTED_OF) - set(OURS)


@pytest.mark.parametrize("number", EXPECTED_OF)
def test_a_company_is_read_as_expected(sides, simulator, number):
    """As a candidate, then as an agent; between them each case of the company is asked, and no rule is broken."""
    expected = EXPECTED_OF[number]
    candidate, buyer = sides.open()

    assert_candidate(candidate, number, expected.get("candidate", {}))
    assert_agent(
        buyer, number, {"notices": expected.get("candidate", {}).get("notices", []), **expected.get("agent", {})}
    )
    if number in expectations("production-shapes"):
        asked = {path_of(case) for case in cases_of(number) if is_asked(case, expected)}
        assert asked <= set(simulator.calls())
    assert simulator.stats()["violations"] == {}


def assert_candidate(service: FlaskClient, number: str, expected: Mapping[str, Any]) -> None:
    answer = service.get(f"/v1/prefill/{number}?with={ON_DEMAND}")
    assert_nothing_is_said_that_no_register_says(answer.text)
    body = answer.json
    if "problem" in expected:
        assert body["code"] == expected["problem"]
        return
    assert [notice["code"] for notice in body["notices"]] == expected.get("notices", [])
    assert {name: value_at(body, name) for name in expected.get("values", {})} == expected.get("values", {})
    assert {name: reason_at(body, name) for name in expected.get("missing", {})} == expected.get("missing", {})
    assert [name for name in expected.get("without", ()) if value_at(body, name) is not None] == []
    assert expected.get("told", "") in " ".join(notice["message"] for notice in body["notices"])
    assert next((notice.get("successor") for notice in body["notices"]), None) == expected.get("successor", ANY)
    fields = service.get("/v1/schemas/dume").json["fields"]
    told = {*values_of(body), *body["missing"]}
    assert {field["path"] for field in fields if not field.get("optional")} <= told
    assert told <= {field["path"] for field in fields}


def value_at(body: Mapping[str, Any], name: str) -> Any:
    pointer = body["aliases"].get(name, name)
    return at(body["data"], pointer) if pointer in body["provenance"] else None


def reason_at(body: Mapping[str, Any], name: str) -> str | None:
    return reasons_of(body).get(body["aliases"].get(name, name))


def assert_agent(service: FlaskClient, number: str, expected: Mapping[str, Any]) -> None:
    dossier = whole_dossier(service, number)
    assert_nothing_is_said_that_no_register_says(json.dumps(dossier, ensure_ascii=False))
    if "problem" in expected:
        assert dossier["code"] == expected["problem"]
        return
    proofs = proofs_of(dossier)
    assert [notice["code"] for notice in dossier["notices"]] == expected["notices"]
    assert states_of(dossier) == expected.get("states", {})
    assert_mentions(dossier, expected.get("mentions", []))
    told = {source: details_of(proof) for source, proof in proofs.items()}
    for source, details in expected.get("details", {}).items():
        assert {name: told[source].get(name) for name in details} == details
    for source, counts in expected.get("counts", {}).items():
        if not (source in YEARLY and not in_time(number, source)):
            assert {name: len(told[source].get(name, ())) for name in counts} == counts
    for source, count in expected.get("documents", {}).items():
        assert len(proofs[source]["documents"]) == count
    for source, hosts in expected.get("hosts", {}).items():
        assert {document["host"] for document in proofs[source]["documents"]} == set(hosts)


def whole_dossier(buyer: FlaskClient, number: str) -> dict[str, Any]:
    """Ask for every source, those that an agent must name too."""
    first: dict[str, Any] = ask(buyer, number, all="1").json
    left = (
        [name for name, proof in proofs_of(first).items() if proof["state"] == "not_queried"]
        if "themes" in first
        else []
    )
    return ask(buyer, number, all="1", **{"with": ",".join(left)}).json if left else first


def states_of(dossier: Mapping[str, Any]) -> dict[str, str]:
    """Keep the states that say something of the company."""
    return {
        source: proof["state"]
        for source, proof in proofs_of(dossier).items()
        if proof["state"] not in NEUTRAL and not (proof["state"] == "available" and source in OF_INSEE | YEARLY)
    }


def assert_mentions(dossier: Mapping[str, Any], expected: list[str]) -> None:
    entries = dossier.get("mentions", {}).get("entries", [])

    assert len(entries) == len(expected), entries
    for entry, words in zip(entries, expected, strict=True):
        dated = re.fullmatch(r"(\d{4}-\d\d-\d\d) (.*)", words)
        assert entry.get("date") == (dated[1] if dated else None)
        assert (dated[2] if dated else words) in entry["text"]


def assert_nothing_is_said_that_no_register_says(text: str) -> None:
    assert NEVER_SHOWN.findall(text) == []
    assert "manquement" not in text.replace("ni un manquement, ni l'absence d'un manquement", "")


def cases_of(number: str) -> Iterator[Case]:
    """Give the cases of a company at the endpoints that the catalogue asks."""
    rows = {source.path for source in SOURCES if source.usable}
    numbers = {number, number[:9]} | {rna for rna, siren in SIREN_OF.items() if siren == number[:9]}
    for case in CASES:
        own = next((value for name, value in case["params"].items() if name in IDENTIFIERS), None)
        if case["path"] in rows and own in numbers:
            yield case


def is_asked(case: Case, expected: Mapping[str, Any]) -> bool:
    return row_of(case) not in expected.get("not_asked", ()) and not of_another_year(case)


def in_time(number: str, source: str) -> bool:
    return any(row_of(case) == source and not of_another_year(case) for case in cases_of(number))


def of_another_year(case: Case) -> bool:
    """Tell whether a case is of a year that no row asks today."""
    years = {str(YEAR - source.years_back) for source in SOURCES if source.path == case["path"]}
    return "{year}" in case["path"] and case["params"]["year"] not in years


def row_of(case: Case) -> str:
    return next(source.name for source in SOURCES if source.usable and source.path == case["path"])


def path_of(case: Case) -> str:
    """Write the path of a case; the register of associations is asked by SIREN."""
    params = {
        name: SIREN_OF.get(value, value) if name == "siren_or_rna" else value for name, value in case["params"].items()
    }
    return fill(case["path"], params)


ANSWERED = {
    200: Status.OK, 403: Status.NOT_ENTITLED, 404: Status.ABSENT, 451: Status.WITHHELD, 502: Status.UNAVAILABLE,
    503: Status.UNAVAILABLE, 504: Status.UNAVAILABLE,
}  # fmt: skip
READ_OTHERWISE = {
    ("extraits_rcs_infogreffe", "900005323"): Status.ABSENT,  # an extract that cannot be made
    ("etablissements", "90000512500019"): Status.UNAVAILABLE,  # another company's number
}
IN_ROWS = [case for case in CASES if case["path"] in {source.path for source in SOURCES if source.usable}]


@pytest.fixture(scope="module")
def client(running: Simulator) -> Iterator[RegisterClient]:
    settings = Settings(url=running.url, token="whole", recipient=LYON, log="json")
    client = open_upstream(settings)
    yield client
    client.close()


@pytest.mark.parametrize("case", IN_ROWS, ids=[f"{rank}-{row_of(case)}" for rank, case in enumerate(IN_ROWS)])
def test_the_answer_to_a_case_has_the_status_that_it_means(client, case):
    """Those too whose number cannot be typed, or that no form needs."""
    numbers = [value for name, value in case["params"].items() if name in IDENTIFIERS]
    row = replace(
        CATALOGUE[row_of(case)],
        path=fill(CATALOGUE[row_of(case)].path, case["params"]),
        parameters={name: value for name, value in case["params"].items() if name not in {*IDENTIFIERS, "year"}},
    )
    siren = SIREN_OF.get(numbers[0], numbers[0])[:9]
    answer = client.fetch(row, Company(siren=siren, siret=numbers[0], rna=numbers[0]))

    assert answer.status is READ_OTHERWISE.get((row.name, numbers[0]), ANSWERED[case["status"]])


def fill(path: str, params: Mapping[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda found: params[found[1]], path)
