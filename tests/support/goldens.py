"""What a prefill is expected to hold, laid out as the goldens write it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from flask.testing import FlaskClient

from prefill.domain.catalogue import CATALOGUE
from tests.support.simulator import PATHS, Simulator, reasons_of, siren, siret, values_of

OPERATOR = "/partII/A/economicOperator/"
OPEN_PATHS = [
    re.compile(re.sub(r"{\w+}", "[^/]+", source.path))
    for source in CATALOGUE.values()
    if source.open and source.usable and source.path
]


def full(path: str) -> str:
    """Spell out a path; what does not begin with a slash is about the economic operator."""
    return path if path.startswith("/") else OPERATOR + path


def gaps(**by_reason: str) -> dict[str, str]:
    """Lay out the reasons by path."""
    return {full(path): reason for reason, paths in by_reason.items() for path in paths.split()}


def no_gap(paths: str) -> dict[str, None]:
    """Name fields that are said to lack nothing: of `missing` they are no part."""
    return dict.fromkeys(map(full, paths.split()))


def assert_polite(simulator: Simulator) -> None:
    """No rule of the upstream's was broken, and no protected or forbidden path was called."""
    stats = simulator.stats()
    strangers = [path for path in stats["calls"] if not any(known.fullmatch(path) for known in OPEN_PATHS)]

    assert stats["violations"] == {}
    assert strangers == []


# Fields that exist only for who is in the register of commerce, and only for associations.
RCS_ALONE = """
    legalEntity/registrationDate legalEntity/shareCapital/amount legalEntity/shareCapital/currencyID
    legalEntity/registrationScheme/id legalEntity/registrationScheme/name
    /partIV/A/tradeRegister/registered /partIV/A/tradeRegister/registerName
    /partIV/A/tradeRegister/registrationNumber /partIV/A/tradeRegister/registrationDate """
RNA_ALONE = " association/rna association/purpose association/regime association/registrationDate "
# Fields that exist for all, and that one register alone can fill.
REPRESENTATIVES = " /partII/B/representatives "
PROFESSIONAL_REGISTER = """
    /partIV/A/professionalRegister/registerName /partIV/A/professionalRegister/registrationNumber """
# On demand, for who can have it: acts are filed by companies, documents by associations.
CERTIFICATES = """
    /partIV/D/qualityAssurance[qualibat] /partIV/D/qualityAssurance[opqibi] /partIV/D/qualityAssurance[qualifelec]
    /partIV/D/environmentalManagement[rge] """
ON_DEMAND = " collectiveAgreements filedActs " + CERTIFICATES
ON_DEMAND_OF_ASSOCIATIONS = " collectiveAgreements association/documents " + CERTIFICATES
# What the buyer may ask itself, of whatever company.
RESERVED = """
    /partIV/B/generalYearlyTurnover /partIV/C/averageAnnualManpower /partIV/D/qualityAssurance[qualiopi]
    /evidence/taxCertificate /evidence/socialCertificate """
NOT_AN_ASSOCIATION = " identifiers[rna] association/documents "


@dataclass(frozen=True, slots=True)
class Golden:
    """All that is expected of one SIRET: `sources` gives each status, `called` the paths that cost a call."""

    data: Mapping[str, Any]
    missing: Mapping[str, str]
    sources: Mapping[str, str]
    called: frozenset[str]
    notices: tuple[tuple[str, str], ...] = ()


def assert_golden(service: FlaskClient, simulator: Simulator, number: str, golden: Golden) -> None:
    """A cold service fills the form as written by hand, with the calls that it takes and no other."""
    response = service.get(f"/v1/prefill/{number}")
    body = response.json
    stats = simulator.stats()

    assert response.status_code == 200
    assert body["data"] == golden.data
    assert reasons_of(body) == {**golden.missing, **gaps(reserved=RESERVED)}
    assert [(one["code"], one["message"]) for one in body["notices"]] == list(golden.notices)
    assert {name: one["status"] for name, one in body["sources"].items()} == golden.sources
    assert body["complete"] is True
    assert set(stats["calls"]) == golden.called
    assert stats["total"] == len(golden.called) <= 3
    assert_polite(simulator)


def assert_said_again_for_nothing(service: FlaskClient, simulator: Simulator, number: str) -> None:
    """A second question costs no call and is answered the same."""
    first = service.get(f"/v1/prefill/{number}").json
    cost = simulator.total()

    again = service.get(f"/v1/prefill/{number}").json

    assert simulator.total() == cost
    for member in ("data", "missing", "provenance", "notices", "aliases"):
        assert again[member] == first[member]


def assert_unknown(service: FlaskClient, simulator: Simulator, number: str) -> None:
    """One call says that nobody knows the company, or that the open register hides it."""
    response = service.get(f"/v1/prefill/{number}")

    assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    assert response.json["code"] == "company_unknown"
    assert simulator.total() == 1
    assert_polite(simulator)


def assert_every_field_accounted_for(service: FlaskClient, number: str) -> None:
    """Every field has a value signed by a source that answered, a reason why it has none, or is often empty."""
    form = service.get("/v1/schemas/dume").json
    optional = {one["path"] for one in form["fields"] if one.get("optional")}

    body = service.get(f"/v1/prefill/{number}").json

    assert {one["path"] for one in form["fields"]} - optional <= set(values_of(body)) | set(body["missing"])
    assert not set(values_of(body)) & set(body["missing"])
    assert {body["sources"][one["source"]]["status"] for one in body["provenance"].values()} == {"ok"}
    assert set(body["provenance"]) == set(leaves(body["data"]))


def leaves(data: Any, pointer: str = "") -> Iterator[str]:
    """Give the pointers of what is filled: plain values, whole lists, and the value of each identifier."""
    if isinstance(data, dict):
        for key, part in data.items():
            yield from leaves(part, f"{pointer}/{key}")
    elif pointer.endswith("/identifiers"):
        yield from (f"{pointer}/{place}/value" for place in range(len(data)))
    else:
        yield pointer


ND = "[ND]"
SIREN = siren(1)
HEAD = siret(SIREN)
BRANCH = siret(SIREN, 2)
HEIR = siret(siren(2))


@dataclass(frozen=True, slots=True)
class Trap:
    """What invented answers must become: the values and the reasons that matter, by path.

    `never` are texts that must not stand anywhere in the answer.
    """

    cases: tuple[dict[str, Any], ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    missing: Mapping[str, str | None] = field(default_factory=dict)
    notices: tuple[tuple[str, str], ...] = ()
    number: str = HEAD
    extra: str = ""
    siret: str = ""
    called: frozenset[str] | None = None
    never: tuple[str, ...] = ()


def call(source: str, number: str) -> str:
    return re.sub(r"{\w+}", number, PATHS[source])


def calls(*sources: str, siret: str = HEAD) -> frozenset[str]:
    """Give the paths of the sources asked about one company."""
    return frozenset(call(name, siret if "{siret}" in PATHS[name] else siret[:9]) for name in sources)


def assert_trap(service: FlaskClient, simulator: Simulator, trap: Trap) -> None:
    simulator.add(*trap.cases)

    response = service.get(f"/v1/prefill/{quote(trap.number)}", query_string={"with": trap.extra})
    body, text = response.json, response.get_data(as_text=True)
    values, reasons = values_of(body), reasons_of(body)

    assert response.status_code == 200
    assert {path: values.get(full(path)) for path in trap.values} == dict(trap.values)
    assert {path: reasons.get(path) for path in trap.missing} == trap.missing
    assert [(one["code"], one["message"]) for one in body["notices"]] == list(trap.notices)
    assert body["siret"] == (trap.siret or (trap.number if len(trap.number) == 14 else HEAD))
    assert [word for word in (ND, "1900-01-01", "1971-05", *trap.never) if word in text] == []
    assert trap.called is None or set(simulator.calls()) == trap.called
    assert_polite(simulator)
