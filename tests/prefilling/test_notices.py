"""What a candidate is told of the company typed, beside the fields."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefill.domain.answers import Answer, Status
from prefill.domain.disclosure import MASK
from prefill.prefilling.notices import SENTENCES, Notice, notice_all

TODAY = date(2026, 11, 23)
YESTERDAY, TOMORROW = 1795302000, 1795474800  # midnights in Paris, 22 and 24 November 2026
SIRET, SIREN, HEIR, OTHER_HEIR = "55204944776279", "552049447", "73282932000074", "35600000000048"


def establishment(*, of=None, where=None, **changes):
    return {
        "siret": SIRET, "siege_social": True, "etat_administratif": "A", "status_diffusion": "diffusible",
        "date_fermeture": None,
        "unite_legale": {"siren": SIREN, "status_diffusion": "diffusible", "etat_administratif": "A", **(of or {})},
        "adresse": {"status_diffusion": "diffusible", "code_pays_etranger": None, **(where or {})},
        **changes,
    }  # fmt: skip


def notices(data=None, *, number=SIRET, **others):
    answers = {"etablissements": Answer("etablissements", Status.OK, data or establishment())}
    answers |= {source: Answer(source, Status.OK, found) for source, found in others.items()}
    return notice_all(number, answers, TODAY)


def codes(*arguments, **options):
    return [notice.code for notice in notices(*arguments, **options)]


CLOSED = establishment(etat_administratif="F", date_fermeture=YESTERDAY)


def test_of_an_ordinary_company_there_is_nothing_to_tell():
    assert notices() == ()


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.OK])
def test_of_a_company_that_nobody_knows_there_is_nothing_to_tell(status):
    answers = {name: Answer(name, status) for name in ("etablissements", "extraits_rcs_infogreffe", "associations")}

    assert notice_all(SIRET, answers, TODAY) == ()
    assert notice_all(SIRET, {}, TODAY) == ()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (CLOSED, ["establishment_closed"]),
        (establishment(etat_administratif="F"), ["establishment_closed"]),
        (establishment(etat_administratif="F", date_fermeture=TOMORROW), ["establishment_closing"]),
        (establishment(date_fermeture=TOMORROW), ["establishment_closing"]),
        (establishment(date_fermeture=YESTERDAY), ["establishment_closed"]),
        (establishment(date_fermeture=MASK), []),
        (establishment(of={"etat_administratif": "C"}), ["unit_ceased"]),
        (establishment(status_diffusion="partiellement_diffusible"), ["partially_disclosed"]),
        (establishment(of={"status_diffusion": "partiellement_diffusible"}), ["partially_disclosed"]),
        (establishment(where={"status_diffusion": "partiellement_diffusible"}), ["partially_disclosed"]),
        (establishment(where={"status_diffusion": None}), ["partially_disclosed"]),
        (establishment(where={"code_pays_etranger": "99131"}), ["foreign_establishment"]),
        (establishment(where={"libelle_pays_etranger": "BELGIQUE"}), ["foreign_establishment"]),
    ],
)
def test_the_establishment_tells_what_is_unusual(data, expected):
    assert codes(data) == expected


def test_a_closed_establishment_says_since_when_and_who_took_over():
    [notice] = notices(CLOSED, successions={"successeurs": [{"siret": HEIR, "date_succession": "2026-11-22"}]})

    assert notice.message("fr") == (
        "Cet établissement est fermé depuis le 22/11/2026. Son successeur est le 732 829 320 00074."
    )
    assert notice.message("en") == (
        "This establishment is closed since 2026-11-22. Its successor is 732 829 320 00074."
    )
    assert notice.links == {"successor": HEIR}


def test_without_a_date_or_an_heir_the_sentence_is_shorter():
    [notice] = notices(establishment(etat_administratif="F"))

    assert notice.message("fr") == "Cet établissement est fermé."
    assert notice.message("en") == "This establishment is closed."
    assert notice.links == {}


@pytest.mark.parametrize(
    ("rows", "heir"),
    [
        (
            [
                {"siret": HEIR, "date_succession": "2020-01-01"},
                {"siret": OTHER_HEIR, "date_succession": "2021-01-01"},
            ],
            OTHER_HEIR,
        ),
        ([{"siret": HEIR, "date_succession": "2020-01-01"}, {"siret": OTHER_HEIR, "date_succession": None}], HEIR),
        ([{"siret": HEIR}], HEIR),
        ([{"siret": "73282932000075"}], None),
        ([{"siret": MASK}, {"siret": None}, {"siret": 73282932000074}, {}, "x", None, []], None),
        ([], None),
    ],
)
def test_the_heir_is_the_latest_that_can_exist(rows, heir):
    [notice] = notices(CLOSED, successions={"successeurs": rows})

    assert notice.links.get("successor") == heir


@pytest.mark.parametrize(
    ("number", "answered", "code", "french"),
    [
        (SIREN, SIRET, "head_office_used", "Vous avez saisi un SIREN : ce sont les données du siège, SIRET 552 049 447 76279."),
        ("55204944700014", SIRET, "duplicate_siret",
         "Le SIRET 552 049 447 00014 fait double emploi : Sirene renvoie au 552 049 447 76279, dont voici les données."),
        (HEIR, SIRET, "redirected_to_another_company",
         ("Sirene renvoie du SIRET 732 829 320 00074 au 552 049 447 76279, d'une autre entreprise (SIREN 552 049 447), dont voici "
          "les données : vérifiez que c'est la vôtre.")),
    ],
)  # fmt: skip
def test_another_number_than_the_one_typed_is_told(number, answered, code, french):
    [notice] = notices(number=number)

    assert (notice.code, notice.message("fr"), notice.links) == (code, french, {"siret": answered})


@pytest.mark.parametrize(
    ("source", "data", "expected"),
    [
        ("extraits_rcs_infogreffe", {"date_radiation": "2024-03-01"}, ["struck_off"]),
        ("extraits_rcs_infogreffe", {"date_radiation": "2026-11-23"}, ["struck_off"]),
        ("extraits_rcs_infogreffe", {"date_radiation": "2026-11-24"}, []),
        ("extraits_rcs_infogreffe", {"date_radiation": None}, []),
        ("extraits_rcs_infogreffe", {}, []),
        ("extraits_rcs_infogreffe", {"date_radiation": MASK}, []),
        ("extraits_rcs_infogreffe", {"date_radiation": "2024"}, []),
        ("extraits_rcs_infogreffe", {"date_radiation": 1705273200}, []),
        ("extraits_rcs_infogreffe", {"date_radiation": ["2024-03-01"]}, []),
        ("associations", {"date_dissolution": "2024-03-01"}, ["association_dissolved"]),
        ("associations", {"date_dissolution": "1900-01-01"}, []),
        ("associations_instructeur", {"date_dissolution": "2024-03-01"}, ["association_dissolved"]),
    ],
)
def test_the_registers_tell_the_end_of_a_company(source, data, expected):
    assert codes(**{source: data}) == expected


def test_an_end_is_dated():
    [notice] = notices(extraits_rcs_infogreffe={"date_radiation": "2024-03-01"})

    assert (
        notice.message("fr") == "L'entreprise est radiée du registre du commerce et des sociétés depuis le 01/03/2024."
    )
    assert notice.message("en") == "The company was struck off the trade register on 2024-03-01."


@pytest.mark.parametrize(
    ("officers", "expected"),
    [
        ([{"fonction": "Liquidateur amiable"}], ["liquidator_named"]),
        ([{"fonction": "Gérant"}, {"fonction": "LIQUIDATRICE"}], ["liquidator_named"]),
        ([{"fonction": "Gérant"}, {"fonction": None}, {"fonction": "[ND]"}, None, {}], []),
        ([], []),
        (None, []),
    ],
)
def test_a_liquidator_is_told(officers, expected):
    assert codes(extraits_rcs_infogreffe={"mandataires_sociaux": officers}) == expected


def test_several_things_are_told_in_a_fixed_order():
    data = establishment(
        etat_administratif="F",
        of={"etat_administratif": "C", "status_diffusion": "partiellement_diffusible"},
        where={"code_pays_etranger": "99131"},
    )

    assert codes(data, number=SIREN, extraits_rcs_infogreffe={"date_radiation": "2024-03-01"}) == [
        "head_office_used",
        "establishment_closed",
        "unit_ceased",
        "partially_disclosed",
        "foreign_establishment",
        "struck_off",
    ]


def test_every_sentence_exists_in_both_languages():
    assert all(sentence.keys() == {"fr", "en"} for sentence in SENTENCES.values())
    assert all(text.endswith((".", "}")) for sentence in SENTENCES.values() for text in sentence.values())
    assert Notice("unit_ceased").message("fr") == SENTENCES["unit_ceased"]["fr"]


ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(MASK) | st.lists(st.none())
)


@given(
    parts=st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("date_fermeture", "etat_administratif", "status_diffusion"), ANYTHING)
    ),
    of=st.dictionaries(st.sampled_from(["etat_administratif", "status_diffusion"]), ANYTHING),
    where=st.dictionaries(
        st.sampled_from(["code_pays_etranger", "libelle_pays_etranger", "status_diffusion"]), ANYTHING
    ),
    rows=st.lists(ANYTHING | st.dictionaries(st.sampled_from(["siret", "date_succession"]), ANYTHING)),
    ended=ANYTHING,
)
@settings(deadline=None)
def test_whatever_the_registers_answer_the_notices_are_sentences(parts, of, where, rows, ended):
    told = notices(
        establishment(of=of, where=where, **parts),
        successions={"successeurs": rows},
        extraits_rcs_infogreffe={"date_radiation": ended},
        associations={"date_dissolution": ended},
    )

    assert all(notice.message("fr") and MASK not in notice.message("en") for notice in told)
