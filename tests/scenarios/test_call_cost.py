"""What a prefill costs in calls: as few as the form and the company need, once for all who ask at once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request

import pytest
from flask.testing import FlaskClient

from tests.support.factories import RIGHT, write_keys, write_tenants
from tests.support.sandbox import DIRECT
from tests.support.simulator import (
    PATHS,
    TOKEN,
    acts,
    agreement,
    agreements,
    association,
    case,
    close_service,
    found,
    legal_form,
    named,
    open_service_on,
    rcs,
    reasons_of,
    run_simulator,
    siren,
    siret,
    successors,
    values_of,
    vat,
)

SIREN = siren(500)
HEAD, BRANCH = siret(SIREN), siret(SIREN, 2)
HEIR = siret(siren(501))
NAME, REPRESENTATIVES = "/partII/A/economicOperator/name", "/partII/B/representatives"
STREET = "/partII/A/economicOperator/postalAddress/streetName"
CLOSED = {"etat_administratif": "F", "date_fermeture": 1735599600}
PARTIAL = {"status_diffusion": "partiellement_diffusible"}
SOLE_TRADER = {
    "type": "personne_physique",
    "personne_morale_attributs": named(None),
    "personne_physique_attributs": {"nom_naissance": "LEROUX", "nom_usage": None, "prenom_usuel": "CLAIRE"},
    "forme_juridique": legal_form("1000", "Entrepreneur individuel"),
}
A_MINUTE = 62  # seconds: the clocks of two machines differ
PATIENCE = 10.0  # seconds: what a busy machine may need, and a test never does


def form(code: str) -> dict[str, Any]:
    return {"forme_juridique": legal_form(code, "Forme juridique")}


def call(source: str, number: str) -> str:
    return PATHS[source].format(**dict.fromkeys(("siret", "siren", "siren_or_rna", "siret_or_rna"), number))


ESTABLISHMENT = call("etablissements", HEAD)
PROTECTED_ESTABLISHMENT = "/v4/insee/sirene/etablissements/{siret}"
HEAD_OFFICE = call("siege_social", SIREN)
SUCCESSIONS = call("successions", HEAD)
RCS = call("extraits_rcs_infogreffe", SIREN)
VAT = call("numero_tva", SIREN)
RNA = call("associations", SIREN)
ACTS = call("actes_inpi", SIREN)
AGREEMENTS = call("conventions_collectives", HEAD)

# Kind of company → (the establishment, what else is in the query, the calls).
COSTS: dict[str, tuple[dict[str, Any], str, set[str]]] = {
    "a company at its head office": (found(HEAD), "", {ESTABLISHMENT, RCS, VAT}),
    "a company abroad registered here": (found(HEAD, of=form("3120")), "", {ESTABLISHMENT, RCS, VAT}),
    "a public industrial body": (found(HEAD, of=form("4110")), "", {ESTABLISHMENT, RCS, VAT}),
    "a group of economic interest": (found(HEAD, of=form("6220")), "", {ESTABLISHMENT, RCS, VAT}),
    "a sole trader": (found(HEAD, of=SOLE_TRADER), "", {ESTABLISHMENT, RCS, VAT}),
    "an association": (found(HEAD, of=form("9220")), "", {ESTABLISHMENT, RNA, VAT}),
    "a foundation with an RNA number": (
        found(HEAD, of=form("9300") | {"rna": "W423000001"}),
        "",
        {ESTABLISHMENT, RNA, VAT},
    ),
    "a foundation without": (found(HEAD, of=form("9300")), "", {ESTABLISHMENT, VAT}),
    "a municipality": (found(HEAD, of=form("7210")), "", {ESTABLISHMENT, VAT}),
    "a trade union": (found(HEAD, of=form("8410")), "", {ESTABLISHMENT, VAT}),
    "a closed establishment": (found(HEAD, **CLOSED), "", {ESTABLISHMENT, SUCCESSIONS, RCS, VAT}),
    "a company that ceased": (
        found(HEAD, of={"etat_administratif": "C"}, **CLOSED),
        "",
        {ESTABLISHMENT, SUCCESSIONS, RCS},
    ),
    "a partially disclosed company": (found(HEAD, of=PARTIAL, where=PARTIAL, **PARTIAL), "", {ESTABLISHMENT, VAT}),
    "an undisclosed company": (found(HEAD, status_diffusion="non_diffusible"), "", {ESTABLISHMENT}),
    "an unknown company": (case("etablissements", HEAD, status=404), "", {ESTABLISHMENT}),
    "a withheld company": (case("etablissements", HEAD, status=451), "", {ESTABLISHMENT}),
    "acts and agreements, on demand": (
        found(HEAD),
        "actes_inpi,conventions_collectives",
        {ESTABLISHMENT, RCS, VAT, ACTS, AGREEMENTS},
    ),
    "acts of an association": (found(HEAD, of=form("9220")), "actes_inpi", {ESTABLISHMENT, RNA, VAT}),
    "documents of a company": (found(HEAD), "documents_associations", {ESTABLISHMENT, RCS, VAT}),
}


@pytest.mark.parametrize("kind", COSTS)
def test_a_company_costs_the_calls_that_can_apply_to_it_and_no_second_time(simulator, service, kind):
    company, extra, called = COSTS[kind]
    simulator.add(company, rcs(SIREN), vat(SIREN), association(SIREN), successors(HEAD, (HEIR, "2025-01-01")))

    service.get(f"/v1/prefill/{HEAD}", query_string={"with": extra})
    first = simulator.calls()
    service.get(f"/v1/prefill/{HEAD}", query_string={"with": extra})

    assert first == dict.fromkeys(called, 1)
    assert simulator.calls() == first
    assert simulator.stats()["violations"] == {}


@pytest.mark.parametrize("kind", COSTS)
def test_asking_early_changes_no_answer_and_keeps_nothing_that_was_not_needed(simulator, service, open_service, kind):
    company, extra, _ = COSTS[kind]
    simulator.add(company, rcs(SIREN), vat(SIREN), association(SIREN), successors(HEAD, (HEIR, "2025-01-01")))
    early = open_service(early_calls=True)

    ordinary, asked_early = (one.get(f"/v1/prefill/{HEAD}", query_string={"with": extra}) for one in (service, early))

    assert asked_early.status_code == ordinary.status_code
    assert [asked_early.json.get(part) for part in ("data", "missing", "notices")] == [
        ordinary.json.get(part) for part in ("data", "missing", "notices")
    ]
    assert _kept_by(early) == _kept_by(service)
    assert simulator.stats()["violations"] == {}


def _kept_by(service: FlaskClient) -> set[tuple[str, str, str]]:
    return set(service.application.extensions["prefill"].tenant_services.built()[0].upstream.cache.keys())


def test_a_branch_costs_one_call_more_and_its_sister_one_alone(simulator, service):
    sister = siret(SIREN, 3)
    simulator.add(
        found(BRANCH, siege_social=False),
        found(sister, siege_social=False),
        found(HEAD, source="siege_social"),
        rcs(SIREN),
        vat(SIREN),
    )

    service.get(f"/v1/prefill/{BRANCH}")
    first = simulator.calls()
    service.get(f"/v1/prefill/{sister}")

    assert first == dict.fromkeys((call("etablissements", BRANCH), HEAD_OFFICE, RCS, VAT), 1)
    assert simulator.calls() == first | {call("etablissements", sister): 1}


def test_a_siren_costs_what_its_head_office_costs(simulator, service):
    simulator.add(found(HEAD, source="siege_social"), rcs(SIREN), vat(SIREN))

    service.get(f"/v1/prefill/{SIREN}")

    assert simulator.calls() == dict.fromkeys((HEAD_OFFICE, RCS, VAT), 1)


def test_a_number_that_cannot_exist_costs_nothing(simulator, service):
    refusals = [service.get(f"/v1/prefill/{number}").status_code for number in ("1234", "55204944776270", "A" * 14)]

    assert refusals == [400, 400, 400]
    assert simulator.total() == 0


def test_what_was_not_there_is_not_asked_again(simulator, service):
    simulator.add(found(HEAD))

    bodies = [service.get(f"/v1/prefill/{HEAD}").json for _ in range(3)]

    assert {reasons_of(body)[REPRESENTATIVES] for body in bodies} == {"absent"}
    assert simulator.calls() == dict.fromkeys((ESTABLISHMENT, RCS, VAT), 1)


def test_a_source_that_just_failed_is_left_alone(simulator, service):
    simulator.add(found(HEAD), vat(SIREN))
    simulator.fail({RCS: "502"})

    bodies = [service.get(f"/v1/prefill/{HEAD}").json for _ in range(3)]

    assert {reasons_of(body)[REPRESENTATIVES] for body in bodies} == {"unavailable"}
    assert simulator.calls()[RCS] == 1


def test_what_an_agent_opens_is_cached_apart_from_what_candidates_ask(simulator, open_service, tmp_path):
    """Nobody learns from the cache whose dossier was opened, nor an agent who filled a form."""
    simulator.add(found(HEAD), {**found(HEAD), "path": PROTECTED_ESTABLISHMENT}, rcs(SIREN), vat(SIREN))
    service = open_service(
        tenants=str(write_tenants(tmp_path, str(write_keys(tmp_path)))), audit=str(tmp_path / "trace"), token=None
    )
    dossier, prefill = f"/v1/dossiers/{HEAD}?object=x", f"/v1/prefill/{HEAD}?tenant=lyon"
    opened = service.get(dossier, headers=dict(RIGHT))
    by_agent = simulator.calls()
    service.get(dossier, headers=dict(RIGHT))
    again = simulator.calls()
    filled = service.get(prefill)
    by_both = simulator.calls()
    service.get(prefill, headers={"Accept": "application/json, */*"})

    assert (opened.status_code, filled.status_code, filled.json["complete"]) == (200, 200, True)
    assert again == by_agent, "the agent's own answers are cached"
    assert Counter(by_both) - Counter(by_agent) == Counter(dict.fromkeys((ESTABLISHMENT, RCS, VAT), 1))
    assert simulator.calls() == by_both
    assert simulator.stats()["violations"] == {}


def test_a_crowd_costs_the_calls_of_one(simulator, open_service):
    simulator.add(found(HEAD), rcs(SIREN), vat(SIREN), agreements(HEAD, agreement(1486, "Études")), acts(SIREN))
    simulator.delay({"": 100.0})
    service = open_service(deadline=PATIENCE, threads=400)
    start = threading.Barrier(200)

    def ask(_: int) -> tuple[int, Any]:
        client = service.application.test_client()
        start.wait()
        response = client.get(f"/v1/prefill/{HEAD}", query_string={"with": "actes_inpi"})
        return response.status_code, response.json["data"]

    with ThreadPoolExecutor(200) as crowd:
        answers = list(crowd.map(ask, range(200)))

    assert {status for status, _ in answers} == {200}
    assert all(data == answers[0][1] for _, data in answers)
    assert answers[0][1]["partII"]["B"]["representatives"]
    assert simulator.calls() == dict.fromkeys((ESTABLISHMENT, RCS, VAT, ACTS), 1)
    assert simulator.stats()["violations"] == {}


# What a late answer makes us call may arrive during the next test: each of these has its own company.


def test_a_late_answer_fills_the_cache_and_costs_no_second_call(simulator, open_service):
    number = siren(510)
    simulator.add(found(siret(number)), rcs(number), vat(number))
    simulator.delay({call("extraits_rcs_infogreffe", number): 600.0})
    service = open_service(deadline=0.3)

    first = service.get(f"/v1/prefill/{siret(number)}").json
    later = ask_until_known(service, siret(number), REPRESENTATIVES)

    assert reasons_of(first)[REPRESENTATIVES] == "late"
    assert first["complete"] is False
    assert values_of(later)[REPRESENTATIVES]
    assert later["complete"] is True
    assert simulator.calls(about=number) == {
        call("etablissements", siret(number)): 1,
        call("extraits_rcs_infogreffe", number): 1,
        call("numero_tva", number): 1,
    }


def test_a_late_establishment_is_there_when_asked_again(simulator, open_service):
    number = siren(511)
    establishment = call("etablissements", siret(number))
    simulator.add(found(siret(number)), rcs(number), vat(number))
    simulator.delay({establishment: 600.0})
    service = open_service(deadline=0.3)

    first = service.get(f"/v1/prefill/{siret(number)}").json
    later = ask_until_known(service, siret(number), STREET)

    assert reasons_of(first)[STREET] == "late"
    assert values_of(later)[STREET] == "7 RUE DES TUILERIES"
    assert simulator.calls()[establishment] == 1


def test_a_company_whose_kind_is_not_known_in_time_is_not_asked_about_everywhere(simulator, open_service):
    number = siren(512)
    establishment = call("etablissements", siret(number))
    simulator.add(found(siret(number), of=form("7210")), vat(number))
    simulator.delay({establishment: 600.0})
    service = open_service(deadline=0.3)

    service.get(f"/v1/prefill/{siret(number)}")
    ask_until_known(service, siret(number), STREET)
    service.get(f"/v1/prefill/{siret(number)}")  # it may have been known as the time ended: then the rest is asked now

    assert simulator.calls(about=number) == {establishment: 1, call("numero_tva", number): 1}


def ask_until_known(service: FlaskClient, number: str, path: str) -> dict[str, Any]:
    """Ask again and again, as a page does, until the field has its value or patience ends."""
    end = time.monotonic() + PATIENCE
    body = service.get(f"/v1/prefill/{number}").json
    while path in body["missing"] and time.monotonic() < end:
        time.sleep(0.02)
        body = service.get(f"/v1/prefill/{number}").json
    return body


def test_a_call_that_another_server_makes_with_our_token_is_waited_for(simulator, open_service):
    number = siren(513)
    extract = call("extraits_rcs_infogreffe", number)
    simulator.add(found(siret(number)), rcs(number), vat(number))
    simulator.delay({extract: 800.0})
    service = open_service(token=TOKEN)
    service.get(f"/v1/prefill/{siret(siren(514))}")
    query = urlencode(simulator.log()[-1]["query"])  # identical in every parameter
    request = Request(f"{simulator.url}{extract}?{query}", headers={"Authorization": f"Bearer {TOKEN}"})
    with ThreadPoolExecutor(1) as elsewhere:
        other = elsewhere.submit(DIRECT.open, request, timeout=PATIENCE)
        while extract not in simulator.calls():
            time.sleep(0.01)

        body = service.get(f"/v1/prefill/{siret(number)}").json
        status = other.result().status

    assert status == 200
    assert values_of(body)[REPRESENTATIVES]
    assert simulator.calls()[extract] == 3  # theirs, ours refused, ours again


def test_the_servers_own_limit_is_believed_and_never_overspent():
    with run_simulator("--budget-scale", "0.02") as simulator:  # five calls a minute
        companies = [siren(600 + rank) for rank in range(6)]
        simulator.add(*(case for number in companies for case in (found(siret(number)), rcs(number), vat(number))))
        service = open_service_on(simulator)

        responses = [service.get(f"/v1/prefill/{siret(number)}") for number in companies]
        stats = simulator.stats()
        close_service(service)

    # Which ones depends on the minute, which may turn meanwhile: five calls more.
    gaps = [response.json["missing"][NAME] for response in responses if NAME in response.json["missing"]]

    assert {response.status_code for response in responses} == {200}
    assert values_of(responses[0].json)[NAME] == "ATELIERS DU GIER"
    assert {gap["reason"] for gap in gaps} == {"unavailable"}
    assert all(0 < gap["retryAfter"] <= A_MINUTE for gap in gaps)
    assert "429" not in stats["statuses"]
    assert stats["violations"] == {}
