"""Documents over HTTP: by company, by tender, with what the candidate typed."""

from __future__ import annotations

import io
import sys

import docx
import pytest

from prefill.app import create_app
from prefill.settings import Settings

SOLE_TRADER = "00000500900014"
ORDINARY, BRANCH, UNKNOWN, DOWN = "00000100800010", "00000200600021", "00001600600017", "00001400100010"


def text_of(answer) -> str:
    document = docx.Document(io.BytesIO(answer.data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


@pytest.mark.parametrize("form", ["dc1", "dc2", "dc4", "dume"])
@pytest.mark.parametrize(
    ("kind", "media", "magic"),
    [("docx", "wordprocessingml", b"PK"), ("odt", "opendocument.text", b"PK"), ("pdf", "application/pdf", b"%PDF")],
)
def test_each_form_is_had_in_each_format(client, form, kind, media, magic):
    answer = client.get(f"/v1/documents/{form}/{ORDINARY}.{kind}")

    assert answer.status_code == 200
    assert media in answer.content_type
    assert answer.data.startswith(magic)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{form}.{kind}"'
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_document_of_the_dume_asks_all_that_the_paper_asks(client):
    text = text_of(client.get(f"/v1/documents/dume/{ORDINARY}.docx"))

    assert "Partie III.A - Condamnations pénales" in text
    assert "000 001 008 R.C.S. Rennes" in text
    assert "Partie VI - Déclarations finales" in text


@pytest.mark.parametrize("form", ["dc1", "dc2", "dume"])
def test_the_name_of_a_sole_trader_is_followed_by_the_mention_that_the_law_asks(client, form):
    text = text_of(client.get(f"/v1/documents/{form}/{SOLE_TRADER}.docx"))

    assert "LEMARQUERON SOLENE EI" in text
    assert "Mention à porter avec le nom" not in text


def test_a_name_that_the_trader_typed_is_left_as_it_is_and_the_mention_is_told(client):
    values = {"/economicOperator/name": "Les Fèves de Solène"}
    text = text_of(client.post(f"/v1/documents/dc2/{SOLE_TRADER}.docx", json={"values": values}))

    assert "Solène EI" not in text
    assert "Mention à porter avec le nom" in text


def test_what_the_candidate_typed_is_in_the_document(client):
    values = {"/economicOperator/sme": True, "/economicOperator/contact/telephone": "01 99 00 00 01"}
    text = text_of(client.post(f"/v1/documents/dc2/{ORDINARY}.docx", json={"values": values}))

    assert "01 99 00 00 01\nSaisi par le candidat" in text
    assert "☒ Oui   ☐ Non\nSaisi par le candidat" in text


def test_what_was_typed_for_the_paper_of_the_dume_is_taken_too(client):
    answer = client.post(f"/v1/documents/dume/{ORDINARY}.docx", json={"values": {"/partII/A/sme": True}})

    assert "Saisi par le candidat" in text_of(answer)


def test_a_dc4_has_its_two_companies_each_in_its_part(client):
    companies = [{"siret": BRANCH, "role": "sole-tenderer"}, {"siret": ORDINARY, "role": "subcont"}]
    text = text_of(client.post("/v1/documents/dc4.docx", json={"companies": companies}))

    assert "TRAVERSE INGENIERIE" in text
    assert "MENUISERIE DU VAL DORE" in text
    assert "000 001 008 R.C.S. Rennes" in text


def test_a_role_may_be_given_to_a_single_company(client):
    text = text_of(client.get(f"/v1/documents/dc4/{ORDINARY}.docx?role=subcont"))

    assert "000 001 008 R.C.S. Rennes" in text


def test_a_company_of_a_tender_that_nobody_knows_leaves_blanks_and_says_so(client):
    companies = [{"siret": ORDINARY, "role": "group-lead"}, {"siret": UNKNOWN, "role": "group-mem"}]
    answer = client.post("/v1/documents/dc1.docx", json={"companies": companies})

    assert answer.status_code == 200
    assert f"Membre du groupement : {UNKNOWN} : Le répertoire Sirene ouvert ne connaît pas" in text_of(answer)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/v1/documents/dc1/{UNKNOWN}.pdf", 404, "company_unknown"),
        ("/v1/documents/dc1/123.pdf", 400, "siret_malformed"),
        (f"/v1/documents/dc3/{ORDINARY}.pdf", 404, "schema_unknown"),
        (f"/v1/documents/dossier/{ORDINARY}.pdf", 404, "schema_unknown"),
        (f"/v1/documents/dc1/{ORDINARY}.doc", 404, "not_found"),
        (f"/v1/documents/dc1/{ORDINARY}.pdf?role=boss", 400, "parameter_invalid"),
    ],
)
def test_what_cannot_be_had_is_a_problem(client, path, status, code):
    answer = client.get(path)

    assert (answer.status_code, answer.json["code"]) == (status, code)


@pytest.mark.parametrize(
    ("values", "code", "told"),
    [
        ({"/economicOperator/nom": "x"}, "field_unknown", "/economicOperator/nom"),
        ({"/economicOperator/sme": "oui"}, "parameter_invalid", "/economicOperator/sme"),
        ("x", "parameter_invalid", "values"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_before_any_call(client, values, code, told):
    answer = client.post(f"/v1/documents/dc2/{ORDINARY}.pdf", json={"values": values})

    assert (answer.status_code, answer.json["code"]) == (400, code)
    assert told in answer.json["detail"]


def test_a_document_counts_for_the_rate_limit_though_the_company_is_cached():
    client = create_app(Settings(rate_limit=2)).test_client()
    path = f"/v1/documents/dc1/{ORDINARY}.docx"

    assert [client.get(path).status_code for _ in range(3)] == [200, 200, 429]


def test_the_integrators_templates_are_used(tmp_path):
    template = docx.Document()
    template.add_paragraph("Formulaire de la ville, pour [[/economicOperator/name]]")
    template.save(str(tmp_path / "dc1.docx"))
    client = create_app(Settings(templates=str(tmp_path))).test_client()

    assert "Formulaire de la ville, pour MENUISERIE DU VAL DORE" in text_of(
        client.get(f"/v1/documents/dc1/{ORDINARY}.docx")
    )
    assert "Formulaire de la ville" not in text_of(client.get(f"/v1/documents/dc2/{ORDINARY}.docx"))


def test_without_its_library_a_format_is_a_problem_and_the_others_are_had(client, monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)  # as if it were not installed
    monkeypatch.delitem(sys.modules, "prefill.documents.pdf_writer", raising=False)
    refused = client.get(f"/v1/documents/dc1/{ORDINARY}.pdf")

    assert (refused.status_code, refused.json["code"]) == (501, "format_unavailable")
    assert client.get(f"/v1/documents/dc1/{ORDINARY}.odt").status_code == 200


def test_a_folder_of_templates_that_does_not_exist_stops_the_start(tmp_path):
    with pytest.raises(SystemExit, match="PREFILL_TEMPLATES"):
        create_app(Settings(templates=str(tmp_path / "absent")))


def test_a_document_is_written_though_every_register_is_down(client):
    assert "L'Insee ne répond pas" in text_of(client.get(f"/v1/documents/dc1/{DOWN}.docx"))
