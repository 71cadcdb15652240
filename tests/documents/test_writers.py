"""Documents in each format: all the texts, on the service's template or the integrator's."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import odfdo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefill.documents.builder import build
from prefill.documents.templates_folder import OWN, find_template, replaced
from prefill.documents.writers import FORMATS, write
from prefill.domain.company import Role
from prefill.forms.model import Field, Form
from tests.documents.examples import DAY, FORM, company, filled

DOCUMENT = build(
    FORM,
    [company(Role.GROUP_LEAD, typed={"/buyer/name": "Ville de « Lyon »\nHôtel de ville"}), company(Role.GROUP_MEMBER)],
    day=DAY,
    sandbox=True,
)


def docx_text(content: bytes) -> str:
    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    footers = [paragraph.text for section in document.sections for paragraph in section.footer.paragraphs]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells, *footers])


def odt_text(content: bytes) -> str:
    document = odfdo.Document(io.BytesIO(content))
    footers = [paragraph.text_recursive for paragraph in document.styles.get_elements("//text:p")]
    return "\n".join([document.get_formatted_text(), *footers])


def texts(document=DOCUMENT) -> list[str]:
    lines = [part for line in document.lines() for part in (line.label, *line.text.split("\n"), line.note)]
    titles = [section.title for section in document.sections]
    return [document.title, document.description, *document.warnings, *titles, *filter(None, lines)]


@pytest.mark.parametrize(("kind", "read"), [("docx", docx_text), ("odt", odt_text)])
def test_every_text_is_in_the_document(kind, read):
    read_back = "".join(read(write(DOCUMENT, "fiche", kind)).split())

    assert [text for text in texts() if "".join(text.split()) not in read_back] == []
    assert "[[" not in read_back
    assert "établile30/11/2026" in read_back


@pytest.mark.parametrize(("kind", "read"), [("docx", docx_text), ("odt", odt_text)])
def test_a_group_has_one_table_with_a_row_for_each_of_its_members(kind, read):
    form = Form(
        "f", "F", "1", FORM.audience, (Field("/x/lot", "Lot"), Field("/x/work", "Travaux")), sections={"/x": "E"}
    )
    members = [company(Role.GROUP_LEAD, typed={"/x/work": "Menuiseries"}), company(Role.GROUP_MEMBER)]
    written = write(build(form, members, day=DAY), "fiche", kind)

    text = "".join(read(written).split())
    assert [
        word for word in ("Entreprise", "Lot", "Travaux", "Menuiseries", "Mandataire", "Membre") if word not in text
    ] == []
    assert text.count("Travaux") == 1


@pytest.mark.parametrize("kind", FORMATS)
def test_a_document_does_not_depend_on_when_or_where_it_is_written(kind):
    first = write(DOCUMENT, "fiche", kind)

    assert first[:4] in (b"PK\x03\x04", b"%PDF")
    assert len(write(DOCUMENT, "fiche", kind)) == len(first)


def test_a_pdf_is_tagged_names_its_language_and_claims_pdf_ua():
    pdf = write(DOCUMENT, "fiche", "pdf")

    assert b"/MarkInfo" in pdf
    assert b"/Lang(fr)" in pdf
    assert b"pdfuaid" in pdf


def test_a_character_that_no_font_of_ours_has_still_gives_a_tagged_pdf():
    pdf = write(build(FORM, [company(filled=filled("木工 😀"))], day=DAY), "fiche", "pdf")

    assert b"/MarkInfo" in pdf
    assert b"pdfuaid" not in pdf


@pytest.mark.slow
@settings(max_examples=15)
@given(text=st.text(min_size=1, max_size=200))
def test_no_text_breaks_a_document(text):
    document = build(FORM, [company(filled=filled(text), typed={"/buyer/name": text})], day=DAY)

    for kind in FORMATS:
        assert write(document, "fiche", kind)


def test_the_integrators_template_of_a_form_wins_over_their_general_one_and_ours(tmp_path):
    (tmp_path / "document.docx").touch()
    assert find_template("dc1", "docx", tmp_path) == tmp_path / "document.docx"

    (tmp_path / "dc1.docx").touch()
    assert find_template("dc1", "docx", tmp_path) == tmp_path / "dc1.docx"
    assert find_template("dc1", "pdf", tmp_path) == OWN / "document.typ"
    assert find_template("dc2", "docx", None) == OWN / "document.docx"


def test_a_word_template_keeps_its_texts_and_takes_values_by_path_though_an_editor_cut_the_name(tmp_path):
    template = docx.Document()
    paragraph = template.add_paragraph("Candidature de ")
    for piece in ("[[/comp", "any/na", "me]] ([[/company/ids[vat]]]), le [[date]]"):
        paragraph.add_run(piece)
    template.add_table(1, 1).cell(0, 0).text = "Acheteur : [[/buyer/name]] [[/inconnu]]."
    template.save(str(tmp_path / "fiche.docx"))

    text = docx_text(write(DOCUMENT, "fiche", "docx", tmp_path))

    assert "Candidature de ATELIER & FILS <SARL> (FR00), le 30/11/2026" in text
    assert "Acheteur : Ville de « Lyon »" in text
    assert "B - Entreprise" in text


def test_an_opendocument_template_keeps_its_texts_and_takes_values_by_path(tmp_path):
    template = odfdo.Document("text")
    template.body.clear()
    paragraph = odfdo.Paragraph("Candidature de [[/company/")
    paragraph.append(odfdo.Span("name]], le [[date]]"))
    template.body.append(paragraph)
    template.body.append(odfdo.Paragraph("[[contenu]]"))
    template.body.append(odfdo.Paragraph("Fin."))
    template.save(tmp_path / "document.odt")

    text = odt_text(write(DOCUMENT, "fiche", "odt", tmp_path))

    assert "Candidature de ATELIER & FILS <SARL>, le 30/11/2026" in text
    assert text.index("B - Entreprise") < text.index("Fin.")


def test_a_typst_template_reads_the_document(tmp_path):
    (tmp_path / "fiche.typ").write_text(
        '#let it = json(bytes(sys.inputs.document))\n#set document(title: it.title)\n#set text(lang: "fr")\n= #it.title\n'
    )

    assert len(write(DOCUMENT, "fiche", "pdf", tmp_path)) < len(write(DOCUMENT, "fiche", "pdf"))


@pytest.mark.parametrize(
    ("text", "result"),
    [("a [[x]] b", "a 1 b"), ("[[ x ]][[y]]", "1"), ("[[x", "[[x"), ("x]]", "x]]"), ("[[/p[q]]]", "2")],
)
def test_what_stands_between_double_brackets_is_replaced(text, result):
    assert replaced({"x": "1", "/p[q]": "2"})(text) == result


def test_the_templates_that_are_shipped_hold_no_name_of_a_person_nor_of_a_machine():
    for path in OWN.glob("*.[do]*"):
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                text = b"".join(archive.read(name) for name in archive.namelist())
            assert b"/home/" not in text
            assert b"/work/" not in text
    assert {path.name for path in OWN.iterdir()} == {"document.docx", "document.odt", "document.typ"}
    assert Path(OWN).is_dir()
