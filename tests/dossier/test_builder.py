"""The agent's dossier: what each register says, in the words of an agent, and the line that each access leaves."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from prefill.app import create_app
from prefill.domain.answers import Answer, Status
from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.domain.dates import PARIS
from prefill.dossier.builder import documents_of
from prefill.dossier.states import SENTENCES, STATES, WORDS, State
from prefill.dossier.themes import ON_REQUEST
from prefill.settings import Settings
from prefill.tenancy.model import SANDBOX_AGENT_KEY
from tests.support.factories import (
    LYON,
    OBJECT,
    RIGHT,
    SIREN,
    SIRET,
    ask,
    bearer,
    details_of,
    known_company,
    lines_of,
    proofs_of,
    told,
    write_keys,
    write_tenants,
)
from tests.support.simulator import OpenService, Simulator, wrapped

SANDBOX = bearer(SANDBOX_AGENT_KEY)
ACTIVITY = "25.62B"
RNA = "W382004417"
FORBIDDEN = ("bilans_inpi", "bilans_entreprises_bdf", "liasses_fiscales_dgfip")
# Every row of the use case that tenders may use.
ROWS = (
    "entreprises", "etablissements", "siege_social", "extraits_rcs_infogreffe", "associations",
    "documents_associations", "actes_inpi", "conventions_collectives", "exercices", "attestations_fiscales_dgfip",
    "attestations_sociales_acoss", "attestations_agefiph", "cotisations_msa", "cotisation_retraite_probtp",
    "cartes_professionnelles_fntp", "certificats_cnetp", "certificats_rge_ademe", "certificats_qualibat",
    "certificats_opqibi", "extraits_courts_inpi",
)  # fmt: skip

# The invented answers, read by hand: the state, and the details that an agent reads.
EXPECTED: dict[str, tuple[str, dict[str, Any]]] = {
    "associations": ("available", {}),
    "documents_associations": ("available", {"documents": [
        {"kind": "Statuts", "filingDate": "2023-09-14"},
        {"kind": "Liste des dirigeants", "filingDate": "2024-03-04"},
    ]}),
    "actes_inpi": ("available", {"acts": [
        {"kind": "Statuts mis à jour : Transfert du siège social", "filingDate": "2024-11-05"},
    ]}),
    "conventions_collectives": ("available", {"agreements": [
        {"idcc": "9417", "title": "Convention collective nationale de la mécanique des Ravières"},
    ]}),
    "attestations_fiscales_dgfip": ("delivered", {"deliveredOn": "2026-02-10", "situationOn": "2026-01-31"}),
    "attestations_sociales_acoss": (
        "expired", {"validFrom": "2024-05-31", "validUntil": "2024-11-30", "securityCode": "QRZK7041TELMA85"},
    ),
    "cotisations_msa": ("up_to_date", {}),
    "cotisation_retraite_probtp": ("up_to_date", {}),
    "certificats_cnetp": ("delivered", {}),
    "cartes_professionnelles_fntp": ("delivered", {}),
    "certificats_qualibat": ("expired", {
        "validUntil": "2024-05-31", "deliveredOn": "2021-06-01",
        "qualifications": [
            {"name": "Fourniture et pose de menuiseries en bois", "code": "4112", "validFrom": "2021-06-01"},
        ],
    }),
    "certificats_opqibi": ("expired", {
        "validUntil": "2025-03-11", "number": "98 03 0417", "probationaryValidUntil": "2023-03-11",
        "qualifications": [{"name": "Étude d'éclairage public", "code": "1419"}],
        "probationary": [{"name": "Audit d'éclairage", "code": "1977"}],
    }),
    "effectifs_annuels_precedents": ("available", {"year": str(datetime.now(PARIS).year - 2), "average": 28}),
}  # fmt: skip
DOCUMENTS = {
    "documents_associations": 2, "actes_inpi": 1, "attestations_fiscales_dgfip": 1, "attestations_sociales_acoss": 1,
    "certificats_cnetp": 1, "cartes_professionnelles_fntp": 1, "certificats_rge_ademe": 2, "certificats_qualibat": 1,
}  # fmt: skip


@pytest.fixture
def trace(tmp_path) -> Path:
    return tmp_path / "trace.log"


@pytest.fixture
def buyer(open_service: OpenService, tmp_path: Path, trace: Path) -> FlaskClient:
    """A service of two public buyers, on the sandbox."""
    tenants = write_tenants(tmp_path, str(write_keys(tmp_path)))
    return open_service(tenants=str(tenants), audit=str(trace), token=None)


@pytest.fixture
def everything(simulator: Simulator) -> Simulator:
    """A sandbox in which every register knows one company."""
    more = ("certificats_rge_ademe", "extraits_rcs_infogreffe", "effectifs_annuels", "effectifs_boeth")
    names = ["associations_instructeur" if name == "associations" else name for name in (*EXPECTED, *more)]
    cases = [told(name) for name in names]
    turnover = [
        _turnover(2022, 900001),
        _turnover(2024, "1 200 000,50"),
        _turnover(2023, 1000000.0),
        _turnover(2021, 5),
    ]
    exercices = {"path": CATALOGUE["exercices"].path, "params": {"siret": SIRET}, "status": 200,
                 "payload": {"data": turnover, "links": {}, "meta": {}}}  # fmt: skip
    simulator.add(known_company(), exercices, *cases)
    return simulator


def _turnover(year: int, euros: object) -> dict[str, Any]:
    return {"data": {"chiffre_affaires": euros, "date_fin_exercice": f"{year}-12-01"}, "links": {}, "meta": {}}


@pytest.fixture
def whole(buyer: FlaskClient, everything: Simulator) -> dict[str, Any]:
    response = ask(buyer, SIRET, all="1")

    assert response.status_code == 200, response.text
    return response.json


@pytest.mark.parametrize("source", EXPECTED)
def test_an_answer_is_read_as_an_agent_reads_it(whole, source):
    proof = proofs_of(whole)[source]
    state, details = EXPECTED[source]

    assert proof["state"] == state
    assert details_of(proof).items() >= details.items()
    assert len(proof["documents"]) == DOCUMENTS.get(source, 0)
    assert [one["producer"] for one in proof["provenance"]] == [CATALOGUE[source].producer]


def test_every_row_of_the_use_case_is_there(whole):
    assert set(ROWS) | set(FORBIDDEN) <= set(proofs_of(whole))


def test_turnover_is_of_three_closed_years_at_most_the_newest_first(whole):
    assert details_of(proofs_of(whole)["exercices"])["turnover"] == [
        {"endDate": "2024-12-01", "amount": 1200000.5},
        {"endDate": "2023-12-01", "amount": 1000000},
        {"endDate": "2022-12-01", "amount": 900001},
    ]


def test_a_proof_says_when_its_register_last_changed_and_where_it_is_corrected(whole):
    [origin] = proofs_of(whole)["extraits_rcs_infogreffe"]["provenance"]

    assert origin["asOf"] == "2026-03-04"
    assert origin["retrievedAt"] > origin["asOf"]
    assert origin["fix"]["href"] == "https://procedures.inpi.fr/"


@pytest.mark.parametrize(
    ("struck_off", "state"),
    [("2020-02-29", "closed"), ("2099-12-31", "available"), ("2004-12-31", "to_check"), ("RADIEE EN 2020", "to_check")],
)  # fmt: skip
def test_a_strike_off_is_told_of_today_s_registration_alone(buyer, simulator, struck_off, state):
    extract = told("extraits_rcs_infogreffe")
    extract["payload"]["data"]["date_radiation"] = struck_off
    simulator.add(known_company(), extract)

    assert proofs_of(ask(buyer, SIRET).json)["extraits_rcs_infogreffe"]["state"] == state


def test_a_register_that_does_not_know_the_company_says_what_that_means(buyer, simulator):
    simulator.add(known_company())

    proof = proofs_of(ask(buyer, SIRET, all="1").json)["extraits_rcs_infogreffe"]

    assert proof["message"] == (
        "Infogreffe n'a pas d'extrait de cette entreprise, ce qui ne dit pas qu'elle n'est inscrite à aucun registre."
    )


def test_each_qualification_says_whether_it_is_valid_today(whole):
    rows = details_of(proofs_of(whole)["certificats_rge_ademe"])["qualifications"]

    assert [(row["validUntil"], row["valid"]) for row in rows] == [("2025-07-01", False)] * 2


def test_the_withdrawn_certificate_is_served_by_its_replacements(whole):
    proof = proofs_of(whole)["attestations_agefiph"]

    assert proof["state"] == "withdrawn"
    assert details_of(proof).items() >= {"disabledWorkers": 2, "year": str(datetime.now(PARIS).year - 1)}.items()
    assert {one["source"]: one["state"] for one in proof["replacements"]} == {
        "effectifs_boeth": "available", "attestations_sociales_acoss": "expired",
    }  # fmt: skip
    assert "la couvrent" in proof["message"]


def test_intellectual_property_is_one_public_search_away(whole):
    proof = proofs_of(whole)["extraits_courts_inpi"]

    assert (proof["state"], proof["link"]) == ("withdrawn", f"https://data.inpi.fr/entreprises/{SIREN}")


@pytest.mark.parametrize("source", FORBIDDEN)
def test_a_row_that_this_service_never_asks_for_is_named_and_never_called(whole, everything, source):
    assert proofs_of(whole)[source]["state"] == "never_queried"
    assert not [
        path for path in everything.calls() if "/bilans" in path.removesuffix("actes_bilans") or "liasses" in path
    ]


def test_the_registers_are_asked_without_a_fault_for_the_buyer_and_its_procedure(whole, everything):
    asked = [one["query"] for one in everything.log()]

    assert everything.stats()["violations"] == {}
    assert {(one["recipient"], one["object"]) for one in asked} == {(LYON, OBJECT)}
    assert sum(everything.calls().values()) == len(asked) == 25


def test_two_questions_at_one_address_are_never_asked_at_once(buyer, everything):
    everything.delay({"gip_mds": 80})

    assert details_of(proofs_of(ask(buyer, SIRET, all="1").json)["attestations_agefiph"])["disabledWorkers"] == 2
    assert everything.stats()["violations"] == {}


def test_the_protected_rows_are_asked_and_not_the_open_twins(whole, everything):
    paths = everything.calls()

    assert not [path for path in paths if "diffusibles" in path or "associations/open_data" in path]


NOT_DELIVERED = {
    "code": "refus_de_delivrance", "libelle": "Délivrance refusée", "description": "Cotisations non réglées.",
}  # fmt: skip
NO_CERTIFICATE = dict.fromkeys((
    "document_url", "document_url_expires_in", "date_debut_validite", "date_fin_validite", "code_securite",
))  # fmt: skip


@pytest.mark.parametrize(
    ("source", "data", "state", "word"),
    [
        (
            "attestations_sociales_acoss", {"entity_status": NOT_DELIVERED, **NO_CERTIFICATE},
            "refused", "délivrance refusée par l'Urssaf",
        ),
        ("cotisation_retraite_probtp", {"eligible": False}, "not_up_to_date", "non à jour selon ProBTP"),
        ("cotisation_retraite_probtp", {"eligible": True}, "up_to_date", "à jour selon ProBTP"),
        ("cotisations_msa", {"status": "outdated"}, "not_up_to_date", "non à jour selon la MSA"),
        ("cotisations_msa", {"status": "under_investigation"}, "under_review", "en cours d'analyse"),
    ],
)  # fmt: skip
def test_a_status_is_the_registers_own_and_names_it(buyer, simulator, source, data, state, word):
    simulator.add(known_company(), {**told(source), "payload": wrapped(data)})

    proof = proofs_of(ask(buyer, SIRET, all="1").json)[source]
    assert (proof["state"], proof["word"]) == (state, word)


DELIVERED_ONLY_IF_IN_ORDER = {
    "attestations_fiscales_dgfip", "certificats_cnetp", "certificats_cibtp", "cartes_professionnelles_fntp",
}  # fmt: skip


def test_a_certificate_that_was_not_delivered_is_to_be_asked_of_the_candidate(buyer, simulator):
    simulator.add(known_company())

    body = ask(buyer, SIRET, all="1").json
    proofs = proofs_of(body)
    asked = {name for name, proof in proofs.items() if proof["state"] == "not_delivered"}
    assert asked == {*DELIVERED_ONLY_IF_IN_ORDER, "attestations_sociales_acoss"}
    assert {(proofs[name]["tone"], proofs[name]["folded"]) for name in asked} == {("ask", False)}
    assert body["counts"][0] == {
        "state": "not_delivered", "word": "non délivrée : à demander au candidat", "tone": "ask", "number": 5,
    }  # fmt: skip
    tax = proofs["attestations_fiscales_dgfip"]
    assert "pas en règle, ou hors du périmètre" in tax["message"]
    assert any("impôt sur le revenu" in reason for reason in tax["perimeter"])
    assert "3666" in tax["alternative"]
    assert "manquement" not in json.dumps(body, ensure_ascii=False)


def test_a_refusal_code_of_a_fund_is_a_refusal(buyer, simulator):
    path = CATALOGUE["certificats_cibtp"].path
    error = {"code": "38422", "title": "t", "detail": "d", "meta": {"provider": "CIBTP"}}
    simulator.add(
        known_company(), {"path": path, "params": {"siret": SIRET}, "status": 404, "payload": {"errors": [error]}}
    )

    proof = proofs_of(ask(buyer, SIRET, all="1").json)["certificats_cibtp"]
    assert (proof["state"], proof["word"]) == ("refused", "délivrance refusée par la CIBTP")
    assert "selon elle" in proof["message"]


def test_only_what_concerns_the_company_is_asked_unless_all_is(buyer, simulator):
    simulator.add(known_company())

    few = proofs_of(ask(buyer, SIRET).json)
    assert {name for name in ROWS if few[name]["state"] == "not_applicable"} == {
        "associations",
        "documents_associations",
    }
    unlikely = {name for name, proof in few.items() if proof["state"] == "not_queried"} - ON_REQUEST
    assert unlikely == {
        "cotisations_msa", "cotisation_retraite_probtp", "certificats_cnetp", "certificats_cibtp",
        "cartes_professionnelles_fntp", "certificats_rge_ademe", "certificats_qualibat", "certificats_qualifelec",
        "certifications_qualiopi",
    }  # fmt: skip
    assert few["cotisations_msa"]["message"] == (
        f"Non interrogé (activité déclarée : {ACTIVITY}). Le code d'activité n'exclut rien : à interroger au besoin."
    )
    assert not any(few[name]["folded"] for name in unlikely)


def test_a_source_that_the_activity_makes_unlikely_is_one_request_away(buyer, simulator):
    simulator.add(known_company(), told("cotisations_msa"))

    proofs = proofs_of(ask(buyer, SIRET, **{"with": "cotisations_msa,liens_capitalistiques"}).json)
    assert proofs["cotisations_msa"]["state"] == "up_to_date"
    assert proofs["liens_capitalistiques"]["state"] == "out_of_scope"
    assert proofs["certificats_cnetp"]["state"] == "not_queried"
    assert ask(buyer, SIRET, **{"with": "bilans_inpi"}).json["code"] == "parameter_invalid"


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ("504", "unavailable"),
        ("reset", "unavailable"),
        ("html", "unavailable"),
        ("451", "withheld"),
        ("403", "not_entitled"),
    ],
)
def test_a_register_that_fails_leaves_the_rest(buyer, everything, fault, state):
    everything.fail({"urssaf": fault})

    body = ask(buyer, SIRET, all="1").json
    assert proofs_of(body)["attestations_sociales_acoss"]["state"] == state
    assert proofs_of(body)["attestations_fiscales_dgfip"]["state"] == "delivered"


def test_a_situation_under_review_says_when_to_come_back():
    client = create_app(Settings(log="json", audit="/dev/null")).test_client()

    proof = proofs_of(ask(client, "00002300200017", SANDBOX).json)["attestations_sociales_acoss"]
    assert (proof["state"], proof["retryIn"], proof["word"]) == ("under_review", 172800.0, "en cours d'analyse")


def test_what_expires_soon_comes_first(buyer, simulator):
    soon, later = (datetime.now(PARIS).date() + timedelta(days) for days in (9, 20))
    qualibat = told("certificats_qualibat")
    qualibat["payload"]["data"]["date_fin_validite"] = later.isoformat()
    opqibi = told("certificats_opqibi")
    opqibi["payload"]["data"]["date_validite_qualifications"] = soon.isoformat()
    simulator.add(known_company(), qualibat, opqibi)

    body = ask(buyer, SIRET, all="1").json
    assert [(one["source"], one["validUntil"]) for one in body["expiring"]] == [
        ("certificats_opqibi", soon.isoformat()), ("certificats_qualibat", later.isoformat()),
    ]  # fmt: skip
    assert proofs_of(body)["certificats_opqibi"]["state"] == "valid"


def test_a_closing_announced_for_later_leaves_the_establishment_open():
    client = create_app(Settings(log="json", audit="/dev/null")).test_client()

    assert proofs_of(ask(client, "00000900100017", SANDBOX).json)["etablissements"]["state"] == "available"


@pytest.mark.parametrize("text", ["", "  ", "x" * 50, "a\x00b", "a\nb", "a\u2028b"])
def test_an_object_that_cannot_be_told_is_refused(buyer, simulator, text):
    response = ask(buyer, SIRET, object=text)

    assert (response.status_code, response.json["code"]) == (400, "parameter_invalid")
    assert simulator.total() == 0


def test_a_company_that_sirene_does_not_know_is_a_problem_with_its_line(buyer, simulator, trace):
    response = ask(buyer, SIRET)

    assert (response.status_code, response.json["code"]) == (404, "company_unknown")
    assert [line["outcome"] for line in lines_of(trace)] == ["requested", "refused"]


def test_a_field_that_an_integrator_adds_is_shown_with_its_label(open_service, simulator, tmp_path, trace):
    form = Path("schemas/dossier.yaml").read_text(encoding="utf-8")
    added = """
  /proofs/numero_tva/number:
    label: Numéro de TVA
    from:
      - numero_tva: numero_tva
  /proofs/exercices/latest:
    label: Dernier exercice connu
    from:
      - exercices: "[0].date_fin_exercice"
"""
    (tmp_path / "forms").mkdir()
    (tmp_path / "forms" / "dossier.yaml").write_text(form + added, encoding="utf-8")
    tenants = write_tenants(tmp_path, str(write_keys(tmp_path)))
    service = open_service(tenants=str(tenants), token=None, audit=str(trace), schemas=(str(tmp_path / "forms"),))
    vat = {"path": CATALOGUE["numero_tva"].path, "params": {"siren": SIREN}, "status": 200,
           "payload": {"data": {"numero_tva": f"FR00{SIREN}"}, "links": {}, "meta": {}}}  # fmt: skip
    simulator.add(known_company(), vat)

    body = ask(service, SIRET).json
    assert [(one["label"], one["value"]) for one in proofs_of(body)["numero_tva"]["details"]] == [
        ("Numéro de TVA", f"FR00{SIREN}")
    ]
    assert body["themes"][-1]["title"] == "Autres renseignements"


def events_of(text: str) -> list[tuple[str, dict[str, Any]]]:
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("event:")]
    return [(lines[0][7:], json.loads(lines[-1][6:])) for lines in blocks]


def test_a_dossier_arrives_as_registers_answer_and_ends_whole(buyer, everything, trace):
    events = events_of(ask(buyer, SIRET, {**RIGHT, "Accept": "text/event-stream"}, all="1").text)
    names = [name for name, _ in events]
    told_so_far = {
        proof["source"] for name, event in events[:-1] for proof in proofs_of(event).values() if name == "proofs"
    }

    assert names[-1] == "done"
    assert set(names[:-1]) == {"proofs"}
    assert told_so_far == set(proofs_of(events[-1][1]))
    assert [line["outcome"] for line in lines_of(trace)] == ["requested", "complete"]


def test_a_stream_and_a_plain_answer_end_alike(buyer, everything):
    plain = ask(buyer, SIRET, all="1").json
    streamed = events_of(ask(buyer, SIRET, {**RIGHT, "Accept": "text/event-stream"}, all="1").text)[-1][1]

    assert {**streamed, "sources": None} == {**plain, "sources": None}


def test_an_access_leaves_its_intent_and_its_outcome_without_the_data(whole, trace):
    intent, line = lines_of(trace)

    assert intent["outcome"] == "requested"
    assert {key: line[key] for key in ("tenant", "agent", "siret", "object", "outcome")} == {
        "tenant": "lyon", "agent": "key:Agent right", "siret": SIRET, "object": OBJECT, "outcome": "complete",
    }  # fmt: skip
    assert "attestations_sociales_acoss" in line["sources"].split()
    assert not set(FORBIDDEN) & set(line["sources"].split())
    assert "YAB458G1B2T8IZW" not in trace.read_text()


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize("path", [SIRET, f"{SIRET}/documents/certificats_cnetp", f"{SIRET}/documents.zip"])
@pytest.mark.parametrize("broken", ["file", "database"])
def test_no_register_is_queried_while_no_record_can_be_written(
    open_service, everything, tmp_path, trace, broken, path, accept
):
    target = tmp_path / "no" / "trace.log"
    audit = str(target) if broken == "file" else f"sqlite:///{target}"
    service = open_service(tenants=str(write_tenants(tmp_path, str(write_keys(tmp_path)))), token=None, audit=audit)
    headers = {**RIGHT, "Accept": accept}

    refused = ask(service, path, headers, all="1")
    assert (refused.status_code, refused.json["code"]) == (503, "audit_unavailable")
    assert "ATELIERS DU GIER" not in refused.text
    assert everything.total() == 0
    target.parent.mkdir()
    assert ask(service, path, headers, all="1").status_code == 200


def test_a_full_disk_serves_nothing(open_service, everything, tmp_path):
    tenants = str(write_tenants(tmp_path, str(write_keys(tmp_path))))
    service = open_service(tenants=tenants, token=None, audit="/dev/full")

    response = ask(service, SIRET)
    assert (response.status_code, response.json["code"]) == (503, "audit_unavailable")


@pytest.mark.parametrize("table", [WORDS, SENTENCES])
def test_every_state_has_its_words_in_both_languages(table):
    assert {state for state in State if table[state].keys() >= {"fr", "en"}} == set(State)


def test_every_status_is_a_state():
    assert set(STATES) == set(Status)


def test_a_document_without_an_address_keeps_its_number():
    rows = [{"url": None, "type": "Statuts"}, {"url": "https://a/b.pdf", "type": " Liste\n des dirigeants "}]
    found = documents_of(CATALOGUE["documents_associations"], Answer("documents_associations", Status.OK, data=rows))

    assert [(one.n, one.title, one.url) for one in found] == [(2, "Liste des dirigeants", "https://a/b.pdf")]


def test_the_address_of_a_document_is_in_no_repr():
    answer = Answer("certificats_cnetp", Status.OK, data={"document_url": "https://a/secret.pdf"})

    assert "secret" not in repr(documents_of(CATALOGUE["certificats_cnetp"], answer))


def test_every_usable_source_of_documents_is_in_the_dossier():
    form = create_app(Settings(log="json")).extensions["prefill"].forms.content.forms["dossier"]

    assert {row.name for row in SOURCES if row.documents} <= set(form.sources(frozenset(form.on_demand())))


def association_of(siren: str | None) -> dict[str, Any]:
    """Say that the RNA knows the association, to whoever may see what is protected."""
    one = told("associations_instructeur", number=RNA)
    return {**one, "payload": wrapped({**one["payload"]["data"], "siren": siren})}


def test_the_rna_number_of_an_association_gives_the_dossier_of_its_head_office(buyer, simulator, trace):
    head_office = {**known_company(), "path": CATALOGUE["siege_social_instructeur"].path, "params": {"siren": SIREN}}
    simulator.add(association_of(SIREN), head_office)

    dossier = ask(buyer, RNA).json

    assert (dossier["siren"], dossier["siret"]) == (SIREN, SIRET)
    assert [notice["code"] for notice in dossier["notices"]][:1] == ["association_head_office"]
    assert {line["siret"] for line in lines_of(trace)} == {RNA}


def test_an_association_without_siren_is_named_and_no_register_that_takes_one_is_said_not_to_concern_it(
    buyer, simulator
):
    simulator.add(association_of(None))

    dossier = ask(buyer, RNA.lower()).json
    proofs = proofs_of(dossier)
    company = {detail["name"]: (detail["value"], detail["source"]) for detail in dossier["company"]}
    urssaf, insee = proofs["attestations_sociales_acoss"], proofs["etablissements"]

    assert "siren" not in dossier
    assert dossier["rna"] == RNA
    assert company["name"] == ('LE FOUR BANAL "DES RAVIERES"', "associations_instructeur")
    assert company["address"][0] == "4 Chemin du Four, 38000, Grenoble"
    assert proofs["associations"]["state"] == "available"
    assert (urssaf["state"], urssaf["folded"], insee["state"]) == ("not_queried", False, "not_queried")
    assert "un SIREN ou un SIRET" in urssaf["message"]
    assert "queryable" not in urssaf
    assert proofs["extraits_courts_inpi"].get("link") is None
    assert {path.split("/associations/")[1] for path in simulator.calls()} == {RNA, f"{RNA}/documents"}


def test_the_archive_of_an_association_without_siren_bears_its_rna_number(buyer, simulator):
    simulator.add(association_of(None))

    response = ask(buyer, f"{RNA}/documents.zip")

    assert response.status_code == 200
    assert f"dossier_{RNA}_" in response.headers["Content-Disposition"]
