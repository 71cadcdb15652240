"""Entries of the registers of companies that an agent must read: quoted with their date, never judged."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from prefill.domain.answers import Answer, Status
from prefill.dossier.mentions import mentions_of


def rcs(*observations: dict[str, Any], officers: list[dict[str, Any]] | None = None) -> dict[str, Answer]:
    data = {"siren": "000001008", "observations": list(observations), "mandataires_sociaux": officers or []}
    return {"extraits_rcs_infogreffe": Answer("extraits_rcs_infogreffe", Status.OK, data=data)}


def observation(text: object, day: object = "2026-03-02") -> dict[str, Any]:
    return {"numero": "1", "libelle": text, "date": day}


@pytest.mark.parametrize(
    "text",
    [
        "JUGEMENT D'OUVERTURE DE LIQUIDATION JUDICIAIRE DU 02/03/2026",
        "Liq. jud. simplifiée",
        "REDRESSEMENT JUDICIAIRE - ADMINISTRATEUR : SELARL DU PONT",
        "Ouverture d\u2019une procédure de sauvegarde",
        "JUGEMENT ARRETANT LE PLAN DE CESSION",
        "PLAN DE CONTINUATION DU 03/04/2012",
        "RENOUVELLEMENT DE LA PERIODE D'OBSERVATION",
        "PÉRIODE D\u2019OBSERVATION DE SIX MOIS",
        "DISSOLUTION ANTICIPEE - LIQUIDATEUR AMIABLE : MME X",
        "CESSATION TOTALE D'ACTIVITE",
        "CLOTURE POUR INSUFFISANCE D'ACTIF",
        "CLOTURE POUR EXTINCTION DU PASSIF",
        "INTERDICTION DE GERER POUR CINQ ANS",
        "Interdiction de diriger, gérer, administrer ou contrôler toute entreprise",
        "M. X INTERDIT DE GERER",
        "REGLEMENT JUDICIAIRE DU 12/02/1981",
        "JUGEMENT OUVRANT UNE PROCEDURE DE TRAITEMENT DE SORTIE DE CRISE",
        "FAILLITE PERSONNELLE",
        "RADIATION D'OFFICE",
        "JUGEMENT METTANT FIN A LA PROCEDURE",
    ],
)
def test_the_words_of_a_procedure_are_quoted(text):
    [mention] = mentions_of(rcs(observation(text)))

    assert (mention.text, mention.day) == (text, date(2026, 3, 2))


@pytest.mark.parametrize(
    "text",
    [
        "TRANSFERT DU SIEGE DANS LE MEME RESSORT",
        "CONTINUATION DE L'ACTIVITE MALGRE UN ACTIF NET INFERIEUR A LA MOITIE DU CAPITAL",
        "MISE EN LOCATION-GERANCE DU FONDS",
        "NOM DE DOMAINE : EXEMPLE.INVALID",
        "LA SOCIETE NE CONSERVE AUCUNE ACTIVITE A SON ANCIEN SIEGE",
        "",
        None,
        12,
    ],
)
def test_other_entries_are_left_to_the_list_of_the_register(text):
    assert mentions_of(rcs(observation(text))) == ()


def test_the_latest_entry_comes_first_and_an_undated_one_last():
    days = ("2023-01-16", "", "2026-02-03", None, "pas une date")
    mentions = mentions_of(rcs(*(observation(f"SAUVEGARDE {rank}", day) for rank, day in enumerate(days))))

    assert [mention.day for mention in mentions] == [date(2026, 2, 3), date(2023, 1, 16), None, None, None]


def test_a_text_over_several_lines_is_one_line():
    [mention] = mentions_of(rcs(observation("Ouverture d'une procédure de sauvegarde\n   (jugement du 2 mars)")))

    assert mention.text == "Ouverture d'une procédure de sauvegarde (jugement du 2 mars)"


@pytest.mark.parametrize(
    "role", ["LIQUIDATEUR", "Liquidatrice amiable", "Mandataire judiciaire", "ADMINISTRATEUR JUDICIAIRE"]
)
def test_an_officer_of_a_procedure_is_mentioned_by_the_role_and_not_the_name(role):
    [mention] = mentions_of(
        rcs(officers=[{"fonction": role, "nom": "DURAND", "prenom": "EVE"}, {"fonction": "GERANT"}])
    )

    assert (mention.text, mention.day) == (role, None)


def test_an_entry_of_both_registers_comes_once_and_the_national_one_adds_its_dissolution():
    rne = {
        "identite_entreprise": {"dissolution": {"date": "2026-08-31", "poursuite_activite": False}},
        "dirigeants_et_associes": [{"qualite": "Liquidateur"}],
        "observations": [
            {"texte": "Ouverture de redressement judiciaire", "date": "2026-05-04"},
            {"texte": "Ancien numéro", "date": None},
        ],
    }
    answers = rcs(observation("OUVERTURE DE REDRESSEMENT JUDICIAIRE", "2026-05-04"))
    answers["extraits_rne"] = Answer("extraits_rne", Status.OK, data=rne)

    assert [(mention.source, mention.day) for mention in mentions_of(answers)] == [
        ("extraits_rne", date(2026, 8, 31)), ("extraits_rcs_infogreffe", date(2026, 5, 4)), ("extraits_rne", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data", [None, {}, {"observations": None, "mandataires_sociaux": None}, {"observations": [None, 3, "x"]}]
)
def test_an_extract_of_another_shape_has_no_mention(data):
    assert mentions_of({"extraits_rcs_infogreffe": Answer("extraits_rcs_infogreffe", Status.OK, data=data)}) == ()
