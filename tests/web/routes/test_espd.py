"""The ESPD over HTTP and on the command line."""

from __future__ import annotations

import io
import json
import re
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from prefill.cli import main
from prefill.espd.elements import CAC, CBC
from prefill.tenancy.model import SANDBOX_AGENT_KEY
from tests.espd.reading.test_request import OTHER, SET_UP, TURNOVER, criterion, property_of, request
from tests.espd.round_trip import mapped

ORDINARY = "00000100800010"
WITHOUT_SIZE = "00001200500013"
ALL_DOWN = "00001400100010"
WIDE = {"COLUMNS": "200"}
XML = {"Accept": "application/xml"}
DECLARED_ALL = {
    "currencyID": "EUR",
    "representatives": [{"index": index, "residenceCountry": "FRA"} for index in range(3)],
}
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_xml_is_had_by_its_media_type_or_by_its_format(client):
    by_type = client.get(f"/v1/prefill/{ORDINARY}?size=small", headers=XML)
    by_format = client.get(f"/v1/prefill/{ORDINARY}?size=small&format=espd")

    for answer in (by_type, by_format):
        assert answer.status_code == 200
        assert answer.content_type == "application/xml; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Accept" in answer.headers["Vary"]
        assert ET.fromstring(answer.data).findtext(f".//{{{CAC}}}PartyName/{{{CBC}}}Name") == "MENUISERIE DU VAL DORE"


def test_a_browser_that_names_xml_among_others_gets_json(client):
    assert client.get(f"/v1/prefill/{ORDINARY}", headers=BROWSER).is_json


def test_nothing_in_the_xml_is_not_in_the_json(client):
    texts = client.get(f"/v1/prefill/{ORDINARY}").text
    root = ET.fromstring(client.get(f"/v1/prefill/{ORDINARY}?size=small", headers=XML).data)
    operator = root.find(f"{{{CAC}}}EconomicOperatorParty/{{{CAC}}}Party")
    ours = {"small", "FR3501.000001008"}
    values = {element.text for element in operator.iter() if element.text and element.text.strip()} - ours

    assert [value for value in values if value not in texts and f"{value}.0" not in texts] == []


def test_what_remains_is_listed_by_pointer(client):
    answer = client.get(f"/v1/prefill/{ALL_DOWN}", headers=XML)

    assert answer.status_code == 422
    assert answer.json["code"] == "espd_incomplete"
    assert "/partII/A/economicOperator/name" in [note["pointer"] for note in answer.json["missing"]]


def test_the_status_says_what_remains_what_is_left_out_and_what_to_confirm(client):
    status = client.get(f"/v1/prefill/{ORDINARY}/espd").json

    assert set(status) == {"available", "remaining", "leftOut", "toConfirm"}
    assert status["available"] == (status["remaining"] == [])
    assert any("résidence" in note["message"] for note in status["leftOut"])


def test_what_is_declared_completes_the_document(client):
    assert client.get(f"/v1/prefill/{WITHOUT_SIZE}", headers=XML).status_code == 422

    answer = client.post(f"/v1/prefill/{WITHOUT_SIZE}/espd", json={"declared": {"size": "medium"}})

    assert answer.status_code == 200
    assert ET.fromstring(answer.data).findtext(f".//{{{CBC}}}IndustryClassificationCode") == "medium"


@pytest.mark.parametrize(
    "declared",
    [
        {"size": "huge"},
        {"countryCode": "FR"},
        {"role": "boss"},
        {"lot": "1"},
        {"currencyID": "euros"},
        {"setUpDate": "1965-03"},
        {"representatives": [{"index": 0, "residenceCountry": "France"}]},
        {"name": "x" * 401},
        {"name": 3},
        {"buyer": " \x00 "},
        {"currencyID": "XYZ"},
        {"certificates": [""]},
    ],
)
def test_a_declared_value_outside_the_lists_is_refused_by_its_name(client, declared):
    answer = client.post(f"/v1/prefill/{ORDINARY}/espd", json={"declared": declared})

    assert answer.status_code == 400
    assert next(iter(declared)) in answer.json["detail"]


def test_a_wrong_value_in_the_address_is_refused_also_where_the_body_gives_one(client):
    answer = client.post(f"/v1/prefill/{ORDINARY}/espd?size=huge", json={"declared": {"size": "medium"}})

    assert (answer.status_code, answer.json["code"]) == (400, "parameter_invalid")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"declared": 3}', b"{" * 100])
def test_a_body_that_declares_nothing_says_what_to_send(client, body):
    answer = client.post(f"/v1/prefill/{ORDINARY}/espd", data=body, content_type="application/json")

    assert answer.status_code == 400
    assert "declared" in answer.json["detail"]


def test_a_request_is_completed(client):
    asked = request(criterion(TURNOVER, SET_UP, property_of("q-77", "QUESTION", "DATE")))
    answer = client.post(f"/v1/espd?siret={ORDINARY}&size=small", data=asked, content_type="application/xml")

    assert answer.status_code == 200
    assert ET.fromstring(answer.data).findtext(f".//{{{CBC}}}ValidatedCriterionPropertyID") == "q-77"


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "espd_unreadable", 400),
        (b"<html/>", "espd_unreadable", 400),
        (request(lots=("LOT-0001", "LOT-0002")), "espd_lot_unknown", 422),
        (request(version="3.0.0"), "espd_version_unsupported", 422),
    ],
)
def test_a_request_that_cannot_be_completed_is_a_clear_problem(client, body, code, status):
    answer = client.post(f"/v1/espd?siret={ORDINARY}", data=body, content_type="application/xml")

    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_a_document_larger_than_the_limit_is_refused_before_it_is_read(client):
    answer = client.post(
        f"/v1/espd?siret={ORDINARY}", input_stream=io.BytesIO(b" " * 6_000_000), content_type="application/xml",
        content_length=6_000_000,
    )  # fmt: skip

    assert answer.status_code == 400
    assert "5 Mo" in answer.json["detail"]


def test_the_command_line_writes_and_reads_back(tmp_path):
    written = CliRunner().invoke(main, ["espd", "write", ORDINARY, "--size", "small"])
    (tmp_path / "profile.xml").write_bytes(written.stdout_bytes)
    shown = CliRunner(env=WIDE).invoke(main, ["espd", "read", str(tmp_path / "profile.xml")])

    assert written.exit_code == 0
    assert "Réponse d'un candidat, ESPD-EDM 4.1.0" in shown.output
    assert "name : MENUISERIE DU VAL DORE" in shown.output
    assert re.search(
        r"trade-regist +Inscription au registre du commerce +true ; 000 001 008 R.C.S. Rennes", shown.output
    )
    assert re.search(
        r"Nom ou dénomination sociale +MENUISERIE DU VAL DORE +MENUISERIE DU VAL DORE +identique", shown.output
    )
    assert "différent" not in shown.output


def test_the_command_line_says_what_changed_since_the_document_was_written(tmp_path):
    written = CliRunner().invoke(main, ["espd", "write", ORDINARY, "--size", "small"]).stdout_bytes
    (tmp_path / "old.xml").write_bytes(written.replace(b"MENUISERIE DU VAL DORE", b"ANCIEN NOM"))
    shown = CliRunner(env=WIDE).invoke(main, ["espd", "read", str(tmp_path / "old.xml")])
    offline = CliRunner(env=WIDE).invoke(main, ["espd", "read", str(tmp_path / "old.xml"), "--offline"])

    assert re.search(r"Nom ou dénomination sociale +ANCIEN NOM +MENUISERIE DU VAL DORE +différent", shown.output)
    assert "Registres aujourd'hui" not in offline.output


def test_the_command_line_gives_the_json_back(client, tmp_path):
    (tmp_path / "profile.xml").write_bytes(
        client.post(f"/v1/prefill/{ORDINARY}/espd", json={"declared": DECLARED_ALL}).data
    )
    shown = CliRunner().invoke(main, ["espd", "read", str(tmp_path / "profile.xml"), "--json"])

    read = json.loads(shown.stdout)
    assert read["data"] == mapped(client.get(f"/v1/prefill/{ORDINARY}").json["data"])
    assert (read["kind"], read["version"], read["declared"]["size"]) == ("response", "4.1.0", "sme")


def test_a_document_names_the_registers_that_it_comes_from(client):
    root = ET.fromstring(client.get(f"/v1/prefill/{ORDINARY}?size=small", headers=XML).data)
    notes = [note.text for note in root.iterfind(f"{{{CBC}}}Note")]

    [register] = [note for note in notes if note.startswith("Infogreffe")]
    assert re.match(r"Infogreffe \(extraits_rcs_infogreffe\), interrogé le \d{4}-\d\d-\d\d", register)
    assert "/partIV/A/tradeRegister/registrationNumber" in register
    assert notes[-1] == "Déclaré par le candidat : /partII/A/economicOperator/companyCategory"


def test_the_certificates_asked_for_are_evidences_once_they_are_confirmed(client):
    path = f"/v1/prefill/{ORDINARY}/espd?with=certificats_rge_ademe"
    certificate = "/partIV/D/environmentalManagement/0"
    known = client.get(f"/v1/prefill/{ORDINARY}?with=certificats_rge_ademe").json["data"]["partIV"]["D"]

    [name] = [note["certificate"] for note in client.get(path).json["leftOut"] if note["pointer"] == certificate]
    root = ET.fromstring(client.post(path, json={"declared": {"certificates": [name]}}).data)
    [evidence] = root.findall(f"{{{CAC}}}Evidence")
    assert evidence.findtext(f"{{{CBC}}}Name") == known["environmentalManagement"][0]["name"]
    assert evidence.findtext(f".//{{{CBC}}}EndDate") == known["environmentalManagement"][0]["validUntil"]
    assert any(certificate in (note.text or "") for note in root.iterfind(f"{{{CBC}}}Note"))


def test_a_document_about_a_company_that_cannot_be_asked_for_is_shown_all_the_same(tmp_path):
    written = CliRunner().invoke(main, ["espd", "write", ORDINARY, "--size", "small"]).stdout_bytes
    (tmp_path / "other.xml").write_bytes(written.replace(ORDINARY.encode(), b"55204944776279"))
    shown = CliRunner(env=WIDE).invoke(main, ["espd", "read", str(tmp_path / "other.xml")])

    assert shown.exit_code == 0
    assert "Registres : Bac à sable" in shown.output


def test_a_form_is_filled_as_xml_from_the_command_line():
    written = CliRunner().invoke(main, ["fill", ORDINARY, "--format", "espd"])

    assert (
        ET.fromstring(written.stdout_bytes).findtext(f".//{{{CAC}}}PartyName/{{{CBC}}}Name") == "MENUISERIE DU VAL DORE"
    )


def test_the_command_line_says_what_remains():
    refused = CliRunner().invoke(main, ["espd", "write", WITHOUT_SIZE])

    assert refused.exit_code == 1
    assert "Taille de l'entreprise : à choisir" in refused.output


def test_the_command_line_says_why_a_file_cannot_be_read(tmp_path):
    (tmp_path / "page.xml").write_text("<html/>")
    refused = CliRunner(env=WIDE).invoke(main, ["espd", "read", str(tmp_path / "page.xml")])

    assert refused.exit_code == 1
    assert "ni une demande ni une réponse ESPD" in refused.output


AGENT = {"Authorization": f"Bearer {SANDBOX_AGENT_KEY}"}
AGENT_PATH = f"/v1/dossiers/{ORDINARY}/espd?object=2026-TRX-014"


def values_of(document: bytes, criterion: str) -> list[str]:
    """What the document answers to a criterion, in its order."""
    answers = [
        answer for answer in ET.fromstring(document).iterfind(f"{{{CAC}}}TenderingCriterionResponse")
        if (answer.findtext(f"{{{CBC}}}ValidatedCriterionPropertyID") or "").startswith(criterion)
    ]  # fmt: skip
    names = ("ResponseDate", "ResponseAmount", "ResponseQuantity", "EndDate")
    return [place.text or "" for answer in answers for place in answer.iter() if place.tag.rpartition("}")[2] in names]


def test_an_agent_gets_the_turnover_and_the_staff_with_their_registers_and_the_candidate_does_not(client):
    answer = client.get(AGENT_PATH, headers=AGENT)
    dossier = client.get(AGENT_PATH.replace("/espd", ""), headers=AGENT).json
    proofs = {proof["source"]: proof for theme in dossier["themes"] for proof in theme["proofs"]}
    [turnover] = [detail for detail in proofs["exercices"]["details"] if detail["name"] == "turnover"]
    last = turnover["value"][0]
    notes = [note.text for note in ET.fromstring(answer.data).iterfind(f"{{{CBC}}}Note")]

    assert (answer.status_code, answer.mimetype) == (200, "application/xml")
    assert values_of(answer.data, "C29_SC_gen-year-to")[1:] == [last["endDate"], f"{last['amount']:.0f}"]
    assert values_of(answer.data, "C50_SC_year-manpower")[1:] == ["17"]
    assert any(note.startswith("DGFIP (exercices)") and "/partIV/B/generalYearlyTurnover" in note for note in notes)
    assert any("(effectifs_annuels)" in note for note in notes)
    assert len(values_of(client.get(f"/v1/prefill/{ORDINARY}", headers=XML).data, "C29_SC_gen-year-to")) == 1


def test_an_agent_is_told_as_json_what_is_to_confirm_and_the_other_years(client):
    told = client.get(AGENT_PATH, headers={**AGENT, "Accept": "application/json"}).json

    assert re.fullmatch(
        r"Effectif moyen de \d{4} : 17, arrondi de 17,4 : proposition à confirmer\.", told["toConfirm"][-1]["message"]
    )
    assert sum(note["pointer"] == "/partIV/B/generalYearlyTurnover" for note in told["leftOut"]) == 2


def test_a_request_completed_by_an_agent_has_them_only_where_it_asks(client):
    question = property_of("q-1", "QUESTION", "PERIOD"), property_of("q-2", "QUESTION", "AMOUNT")
    asks = request(criterion(TURNOVER, "C29_SC_gen-year-to/RG1/RSG1/QSG2", *question))
    without = request(criterion(OTHER, "C1/QSG2", property_of("q-1", "QUESTION", "INDICATOR")))

    completed = client.post(AGENT_PATH, data=asks, headers=AGENT)
    other = client.post(AGENT_PATH, data=without, headers=AGENT)

    assert (completed.status_code, other.status_code) == (200, 200)
    assert b"ResponseAmount" in completed.data
    assert b"ResponseAmount" not in other.data
    assert b"ResponseQuantity" not in completed.data


def test_nobody_else_gets_them(client):
    assert client.get(AGENT_PATH).json["code"] == "unauthorized"
    assert client.post(AGENT_PATH, data=b"<x/>").json["code"] == "unauthorized"
