"""The open directory in a form: as an origin beside the Insee's, and standing in for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefill.domain.answers import Answer, Cause, StandIn, Status
from prefill.domain.catalogue import OPEN_DIRECTORY
from prefill.domain.disclosure import MASK
from prefill.domain.permissions import Audience
from prefill.forms.expressions import compile_expression
from prefill.forms.filling import fill
from prefill.forms.model import Field, Form, ValueSource
from prefill.forms.reasons import Reason

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
INSEE, DIRECTORY, VAT = "etablissements", OPEN_DIRECTORY.name, "numero_tva"
FAILED = Answer(INSEE, Status.UNAVAILABLE, cause=Cause.CIRCUIT_OPEN, retry_after=9.0)


def field(path, *origins, **options):
    compiled = tuple(ValueSource(source, compile_expression(text)) for source, text in origins)
    return Field(path, "Un champ", compiled, **options)


def filled(*fields, **answers):
    return fill(Form("test", "Un formulaire", "1", Audience.CANDIDATE, fields), answers, audience=Audience.CANDIDATE)


def ok(source, **data):
    return Answer(source, Status.OK, data, retrieved_at=NOW)


def stand_in(replaced=None, *, lacking=(), coarse=(), **data):
    return replace(ok(DIRECTORY, **data), stand_in=StandIn(frozenset(lacking), frozenset(coarse), replaced))


NAME = field("/name", (INSEE, "nom"), (DIRECTORY, "nom_raison_sociale"))
ALONE = field("/name", (INSEE, "nom"))
STREET = field("/address/street", (INSEE, "adresse.voie"), (DIRECTORY, "etablissement.libelle_voie"))
TOWN = field("/address/town", (DIRECTORY, "etablissement.libelle_commune"), (INSEE, "adresse.commune"))
NUMBER = field("/vat", (VAT, "numero_tva"), (DIRECTORY, "tva[0]"))


class TestOrigin:
    def test_it_gives_what_no_insee_row_holds(self):
        outcome = filled(
            NUMBER, **{INSEE: ok(INSEE), VAT: Answer(VAT, Status.ABSENT), DIRECTORY: ok(DIRECTORY, tva=["FR1"])}
        )
        assert outcome.data == {"vat": "FR1"}
        assert outcome.provenance["/vat"].source == DIRECTORY

    def test_it_completes_nothing_that_the_insee_answered(self):
        outcome = filled(NAME, **{INSEE: ok(INSEE, nom=None), DIRECTORY: ok(DIRECTORY, nom_raison_sociale="AUTRE")})
        assert outcome.data == {}
        assert outcome.missing["/name"].reason is Reason.ABSENT

    def test_it_gives_nothing_that_the_insee_withholds(self):
        outcome = filled(NAME, **{INSEE: ok(INSEE, nom=MASK), DIRECTORY: ok(DIRECTORY, nom_raison_sociale="AUTRE")})
        assert outcome.missing["/name"].reason is Reason.WITHHELD

    def test_it_gives_all_where_the_insee_does_not_answer(self):
        place = {"libelle_voie": "DU BAC", "libelle_commune": "RENNES"}
        outcome = filled(NAME, STREET, TOWN, **{
            INSEE: FAILED, DIRECTORY: ok(DIRECTORY, nom_raison_sociale="LE BAC", etablissement=place),
        })  # fmt: skip
        assert outcome.data == {"name": "LE BAC", "address": {"street": "DU BAC", "town": "RENNES"}}

    @pytest.mark.parametrize(
        "expression",
        ["etablissement.libelle_commune", "etablissement.nom_commercial", "siege.code_postal", "street(etablissement)",
         "street(siege) || sigle", "values(@)[0]", "etablissement.*|[0]"],
    )  # fmt: skip
    def test_a_field_of_its_own_says_nothing_of_an_establishment_that_the_insee_answered(self, expression):
        place = {"libelle_commune": "X", "nom_commercial": "X", "code_postal": "X", "libelle_voie": "X"}
        own = field("/own", (DIRECTORY, expression))
        outcome = filled(own, **{INSEE: ok(INSEE), DIRECTORY: ok(DIRECTORY, etablissement=place, siege=place)})
        assert outcome.data == {}

    def test_what_is_neither_address_nor_sign_is_given(self):
        own = field("/own", (DIRECTORY, "etablissement.date_creation"))
        outcome = filled(
            own, **{INSEE: ok(INSEE), DIRECTORY: ok(DIRECTORY, etablissement={"date_creation": "2020-01-02"})}
        )
        assert outcome.data == {"own": "2020-01-02"}


class TestStandIn:
    def test_a_value_is_signed_by_the_directory(self):
        signed = filled(ALONE, **{INSEE: stand_in(nom="LE BAC")}).provenance["/name"]
        assert (signed.source, signed.producer, signed.fallback) == (DIRECTORY, "Recherche d'entreprises", False)

    def test_one_that_replaces_a_failure_says_so_and_leaves_the_form_incomplete(self):
        outcome = filled(ALONE, **{INSEE: stand_in(FAILED, nom="LE BAC")})
        assert outcome.provenance["/name"].fallback
        assert not outcome.complete
        assert filled(ALONE, **{INSEE: stand_in(nom="LE BAC")}).complete

    def test_what_is_coarser_is_to_be_confirmed(self):
        outcome = filled(ALONE, STREET, **{INSEE: stand_in(coarse=["adresse"], nom="LE BAC", adresse={"voie": "X"})})
        assert not outcome.provenance["/name"].confirm
        assert outcome.provenance["/address/street"].confirm

    def test_what_it_lacks_would_come_with_a_token(self):
        gap = filled(ALONE, **{INSEE: stand_in(lacking=["nom"])}).missing["/name"]
        assert (gap.reason, gap.source, gap.cause) == (Reason.NOT_ENTITLED, INSEE, Cause.NO_TOKEN)
        assert "jeton" in gap.message("fr")
        assert "token" in gap.message("en")

    def test_what_it_lacks_may_come_when_the_insee_answers_again(self):
        gap = filled(ALONE, **{INSEE: stand_in(FAILED, lacking=["nom"])}).missing["/name"]
        assert (gap.reason, gap.source, gap.retry_after) == (Reason.UNAVAILABLE, INSEE, 9.0)

    def test_what_it_knows_to_be_nothing_is_absent(self):
        gap = filled(field("/sign", (INSEE, "enseigne")), **{INSEE: stand_in(lacking=["libelle"])}).missing["/sign"]
        assert (gap.reason, gap.source) == (Reason.ABSENT, DIRECTORY)

    def test_of_two_answers_of_the_directory_each_field_reads_its_own(self):
        """It stands in for the establishment and for the head office, which are two places, of two dates."""
        form = Form("test", "Un formulaire", "1", Audience.CANDIDATE, (
            field("/here", (INSEE, "adresse.voie")), field("/seat", ("siege_social", "adresse.voie")),
        ))  # fmt: skip
        answers = {
            source: replace(
                stand_in(FAILED, activite_principale={}, adresse={"voie": street}),
                meta={"date_mise_a_jour_insee": day},
            )
            for source, street, day in ((INSEE, "DU BAC", "2025-03-02"), ("siege_social", "DU PONT", "2024-07-01"))
        }
        outcome = fill(form, answers, audience=Audience.CANDIDATE, today=date(2026, 11, 23))
        assert outcome.data == {"here": "DU BAC", "seat": "DU PONT"}
        assert [str(outcome.provenance[path].as_of) for path in ("/here", "/seat")] == ["2025-03-02", "2024-07-01"]

    def test_a_busy_directory_is_named(self):
        busy = Answer(DIRECTORY, Status.UNAVAILABLE, cause=Cause.THROTTLED)
        message = filled(ALONE, **{INSEE: busy}).missing["/name"].message("fr")
        assert message.startswith("Trop de demandes en ce moment auprès de Recherche d'entreprises")


STATES = st.sampled_from(["insee", "insee without", "masked", "down", "fallback", "open"])
PARTS = ("voie", "code", "commune")


@given(
    insee=STATES,
    directory=st.booleans(),
    orders=st.lists(st.sampled_from([(0, 1), (1, 0), (0,), (1,)]), min_size=3, max_size=3),
)
def test_the_two_are_never_mixed_inside_one_address(insee, directory, orders):
    """Whatever a form names for each part of an address, and whichever of the two answers."""
    known = {part: f"I-{part}" for part in PARTS}
    answer = {
        "insee": ok(INSEE, adresse=known),
        "insee without": ok(INSEE, adresse={"voie": "I-voie"}),
        "masked": ok(INSEE, adresse={**known, "voie": MASK}),
        "down": FAILED,
        "fallback": stand_in(FAILED, adresse={part: f"D-{part}" for part in PARTS}),
        "open": stand_in(adresse={part: f"D-{part}" for part in PARTS}),
    }[insee]
    own = {"libelle_voie": "D-voie", "code_postal": "D-code", "libelle_commune": "D-commune"}
    answers = {
        INSEE: answer,
        DIRECTORY: ok(DIRECTORY, etablissement=own) if directory else Answer(DIRECTORY, Status.ABSENT),
    }
    fields = []
    for part, key, order in zip(PARTS, own, orders, strict=True):
        origins = ((INSEE, f"adresse.{part}"), (DIRECTORY, f"etablissement.{key}"))
        fields.append(field(f"/address/{part}", *(origins[place] for place in order)))
    values = filled(*fields, **answers).data.get("address", {}).values()
    assert len({value[0] for value in values}) <= 1
