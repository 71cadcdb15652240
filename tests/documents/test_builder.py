"""From a form and companies to a document: what is known with its source, what was typed, what is blank."""

from __future__ import annotations

from prefill.documents.builder import INVENTED, build
from prefill.documents.french import BY_CANDIDATE, EITHER
from prefill.documents.model import Document, Line, Origin
from prefill.domain.company import Role
from prefill.domain.permissions import Audience
from prefill.forms.filling import FilledForm
from prefill.forms.model import Field, Form
from prefill.forms.reasons import Missing, Reason
from tests.documents.examples import DAY, FORM, company, filled


def document(*companies, **options) -> Document:
    return build(FORM, companies, day=DAY, **options)


def lines_of(built: Document) -> dict[str, Line]:
    return {line.label: line for line in built.lines()}


def test_a_value_of_a_register_has_its_source_and_its_day():
    lines = lines_of(document(company()))

    assert lines["Nom"] == Line("Nom", "ATELIER & FILS <SARL>", "Insee, 30/11/2026", Origin.REGISTER)
    assert lines["Numéro de TVA"].note == "DGFIP, 02/11/2026"
    assert lines["Création"].text == "12/03/1998"
    assert "réponse conservée" in lines["Création"].note
    assert lines["Dirigeants"].text == "DURAND · Présidente\nPETIT"
    assert lines["Dirigeants"].note == "Infogreffe, 30/11/2026 ; à vérifier"


def test_what_only_the_candidate_knows_is_blank():
    lines = lines_of(document(company()))

    assert lines["Acheteur"] == Line("Acheteur", "", "", Origin.BLANK)
    assert lines["PME"] == Line("PME", EITHER, "", Origin.BLANK)


def test_what_the_candidate_typed_is_marked_as_theirs():
    typed = {
        "/company/name": "Atelier",
        "/company/sme": True,
        "/company/amount": 1234567.5,
        "/company/since": "2001-02-03",
    }
    lines = lines_of(document(company(typed=typed)))

    assert lines["Nom"] == Line("Nom", "Atelier", BY_CANDIDATE, Origin.CANDIDATE)
    assert lines["PME"].text == "☒ Oui   ☐ Non"
    assert lines["Montant (L.\u00a02141-1)"].text == "1\u00a0234\u00a0567,5"
    assert lines["Création"].text == "03/02/2001"


def test_what_was_typed_as_the_register_has_it_keeps_its_source_and_what_was_erased_is_blank():
    lines = lines_of(document(company(typed={"/company/name": "ATELIER & FILS <SARL>", "/company/since": ""})))

    assert lines["Nom"].origin is Origin.REGISTER
    assert lines["Création"] == Line("Création", "", "", Origin.BLANK)


def test_why_a_register_gave_nothing_is_said_where_it_helps():
    gaps = {
        "/company/name": Missing(Reason.UNAVAILABLE, "etablissements", "Insee"),
        "/company/since": Missing(Reason.ABSENT),
    }
    lines = lines_of(document(company(filled=FilledForm(missing=gaps))))

    assert lines["Nom"].note == "L'Insee ne répond pas : à saisir."
    assert lines["Création"].note == ""


def test_what_cannot_exist_for_such_a_company_has_no_line():
    none = FilledForm(missing={"/company/since": Missing(Reason.NOT_APPLICABLE)})

    assert "Création" not in lines_of(document(company(filled=none)))
    assert "Création" in lines_of(document(company(filled=none, typed={"/company/since": "2001-02-03"})))


def test_sections_are_in_the_order_of_the_form_and_each_company_of_a_group_has_its_part():
    lead, member = company(Role.GROUP_LEAD), company(Role.GROUP_MEMBER, "000 003 004 00017", filled=filled("AUTRE"))
    built = document(lead, member)

    assert [section.title for section in built.sections] == ["A - Acheteur", "B - Entreprise", "C - Sous-traitant"]
    assert [part.title for part in built.sections[0].parts] == [""]
    assert [part.title for part in built.sections[1].parts] == [
        "Mandataire du groupement : ATELIER & FILS <SARL> · 000\xa0001\xa0008\xa000010",
        "Membre du groupement : AUTRE · 000\xa0003\xa0004\xa000017",
    ]


def test_a_subcontractor_that_is_not_known_yet_is_left_blank_and_so_is_the_holder():
    alone = document(company())
    assert [line.text for line in alone.sections[2].parts[0].lines] == [""]

    subcontractor = document(company(Role.SUBCONTRACTOR, filled=FilledForm()))
    assert [section.title for section in subcontractor.sections] == [section.title for section in alone.sections]
    assert all(line.origin is Origin.BLANK for line in subcontractor.lines())


def test_a_field_outside_every_section_comes_last_without_a_title():
    form = FORM.__class__(**{name: getattr(FORM, name) for name in ("id", "title", "version", "audience", "fields")})
    built = build(form, [company()], day=DAY)

    assert [section.title for section in built.sections] == [""]


def test_warnings_name_the_company_and_the_sandbox_is_said_first():
    built = document(company(warnings=("Cet établissement est fermé.",)), sandbox=True)

    assert built.warnings[0] == INVENTED
    assert built.warnings[-1].endswith("000 001 008 00010 : Cet établissement est fermé.")
    assert INVENTED not in document(company()).warnings


def test_templates_may_name_the_values_of_the_first_company_that_has_them():
    lead, member = company(Role.GROUP_LEAD), company(Role.GROUP_MEMBER, filled=filled("AUTRE"))
    names = document(lead, member).placeholders()

    assert names["/company/name"] == "ATELIER & FILS <SARL>"
    assert names["date"] == "30/11/2026"
    assert "/buyer/name" not in names


def form_of(*fields: Field, title: str = "E - Répartition") -> Form:
    return Form("f", "F", "1", Audience.CANDIDATE, fields, sections={"/x": title})


def test_companies_that_have_the_same_few_lines_are_the_rows_of_one_table():
    both = [company(Role.GROUP_LEAD), company(Role.GROUP_MEMBER)]
    [few] = build(form_of(Field("/x/lot", "Lot"), Field("/x/work", "Travaux")), both, day=DAY).sections
    [alone] = build(form_of(Field("/x/lot", "Lot")), both[:1], day=DAY).sections
    [many] = build(form_of(*(Field(f"/x/{rank}", f"Champ {rank}") for rank in range(4))), both, day=DAY).sections

    assert (few.grid, alone.grid, many.grid) == (True, False, False)


def test_there_is_space_to_sign_where_a_form_is_signed():
    [signed] = build(
        form_of(Field("/x/who", "Nom du signataire"), title="Lieu et signature"), [company()], day=DAY
    ).sections
    [named] = build(
        form_of(Field("/x/who", "L'acheteur (date, signature)"), title="Acceptation"), [company()], day=DAY
    ).sections

    assert [(line.label, line.tall) for line in signed.parts[0].lines] == [
        ("Nom du signataire", False), ("Signature", True),
    ]  # fmt: skip
    assert [line.tall for line in named.parts[0].lines] == [True]


def test_a_register_that_does_not_answer_is_told_once():
    down = Missing(Reason.UNAVAILABLE, "etablissements", "Insee")
    gaps = {f"/x/{rank}": down for rank in range(4)}
    [section] = build(
        form_of(*(Field(path, path) for path in gaps)), [company(filled=FilledForm(missing=gaps))], day=DAY
    ).sections

    assert section.parts[0].note == "L'Insee ne répond pas : à saisir."
    assert {line.note for line in section.parts[0].lines} == {""}
