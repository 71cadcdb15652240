"""What registers really send, and what of it a form may show: written by hand from their rules."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from prefill.domain.answers import Answer, Status
from prefill.domain.identifiers import spaced
from prefill.domain.permissions import Audience
from prefill.forms.filling import fill
from prefill.forms.registry import load_all
from tests.support.goldens import BRANCH, HEAD, HEIR, SIREN, Trap, assert_trap, gaps, no_gap
from tests.support.simulator import (
    activity,
    association,
    band,
    case,
    establishment,
    found,
    named,
    rcs,
    siren,
    siret,
    wrapped,
)

TEXTS = {
    "entities are decoded": Trap(
        (found(HEAD, of={"personne_morale_attributs": named("MARTIN &amp; FILS &#39;L&apos;ATELIER&#39;")}),),
        {"name": "MARTIN & FILS 'L'ATELIER'"},
        never=("&amp;", "&#39;"),
    ),
    "of what a register escaped twice, too": Trap(
        (
            found(HEAD, of={"rna": "W423000001"}),
            association(SIREN, nom="X", activites={"objet": "aider &amp;quot;tous&quot; ;\r\n  et former"}),
        ),
        {"association/purpose": 'aider "tous" ; et former'},
    ),
    "characters that turn the reading round are dropped": Trap(
        (found(HEAD, of={"personne_morale_attributs": named("NOUR \u202eGNILAER\u202c ATELIERS \u0646\u0648\u0631")}),),
        {"name": "NOUR GNILAER ATELIERS \u0646\u0648\u0631"},
        never=("\u202e", "\\u202e"),
    ),
    "a control character leaves the name readable": Trap(
        (
            found(
                HEAD,
                of={
                    "personne_morale_attributs": {"raison_sociale": "  E\u0301TUDES\u00a0 DU\tGIER\x07 ", "sigle": " "}
                },
            ),
        ),
        {"name": "ÉTUDES DU GIER"},
    ),
    "a tag is a text": Trap(
        (found(HEAD, of={"personne_morale_attributs": named('CAFÉ 🚀 <b>MÉTÉO</b> "PLUIE" \\ SOLEIL')}), rcs(SIREN)),
        {"name": 'CAFÉ 🚀 <b>MÉTÉO</b> "PLUIE" \\ SOLEIL'},
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_shown_as_it_is_meant(simulator, service, name):
    assert_trap(service, simulator, TEXTS[name])


NOT_CODED_YET = activity(None, "non référencé", "NAF2025")
NOTHING = {
    "an activity that is not coded in NAF 2025 yet keeps the one in force": Trap(
        (found(HEAD, activite_principale=NOT_CODED_YET, activite_principale_naf_rev2=activity("62.01Z", "Logiciels")),),
        {"mainActivity/code": "62.01Z", "mainActivity/nomenclature": "NAFRev2", "mainActivity/label": "Logiciels"},
        no_gap("mainActivity/otherNomenclature/code mainActivity/otherNomenclature/label"),
        never=("non référencé",),
    ),
    "a provisional activity is none": Trap(
        (
            found(
                HEAD, activite_principale=NOT_CODED_YET, activite_principale_naf_rev2=activity("00.00Z", "non référencé")
            ),
        ),
        missing=gaps(absent="mainActivity/code mainActivity/nomenclature mainActivity/label"),
        never=("00.00Z", "non référencé"),
    ),
    "a code that its nomenclature lacks is of another one": Trap(
        (found(HEAD, activite_principale=NOT_CODED_YET, activite_principale_naf_rev2=activity("45.4C", "non référencé")),),
        missing=gaps(absent="mainActivity/code mainActivity/nomenclature mainActivity/label"),
        never=("45.4C",),
    ),
    "a band of staff that the table lacks is unknown": Trap(
        (found(HEAD, of={"tranche_effectif_salarie": band("54", "non référencé", None, None, "2023")}),),
        missing=gaps(absent="employeeBand/code employeeBand/label")
        | no_gap("employeeBand/from employeeBand/to employeeBand/referenceYear"),
        never=("non référencé",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTHING)
def test_what_says_nothing_is_nothing(simulator, service, name):
    assert_trap(service, simulator, NOTHING[name])


DUME = load_all([Path(__file__).parents[2] / "schemas"]).forms["dume"]


@pytest.mark.parametrize(
    ("today", "first", "second"),
    [
        (date(2026, 12, 31), ("62.01Z", "NAFRev2"), ("62.10Y", "NAF2025")),
        (date(2027, 1, 1), ("62.10Y", "NAF2025"), ("62.01Z", "NAFRev2")),
    ],
)
def test_naf_2025_is_in_force_from_the_first_of_january_2027(today, first, second):
    data = establishment(
        HEAD,
        activite_principale=activity("62.10Y", "Programmation", "NAF2025"),
        activite_principale_naf_rev2=activity("62.01Z", "Programmation"),
    )
    answer = Answer("etablissements", Status.OK, data)

    filled = fill(DUME, {"etablissements": answer}, audience=Audience.CANDIDATE, today=today)
    main = filled.data["partII"]["A"]["economicOperator"]["mainActivity"]

    assert (main["code"], main["nomenclature"]) == first
    assert (main["otherNomenclature"]["code"], main["otherNomenclature"]["nomenclature"]) == second


LATEST, HEIR_OF_ALL, THIRD = (siret(siren(rank)) for rank in (31, 32, 33))
CLOSED = {"etat_administratif": "F", "date_fermeture": 1580425200}  # 2020-01-31 in Paris


def heir(number, day, *, continues):
    return {"siret": number, "date_succession": day, "transfert_siege": False, "continuite_economique": continues}


def succession(*heirs):
    return case("successions", HEAD, wrapped({"predecesseurs": [], "successeurs": list(heirs)}))


def closed(sentence):
    return (("establishment_closed", f"Cet établissement est fermé depuis le 31/01/2020.{sentence}"),)


def branch_of(**head_office):
    return (
        found(BRANCH, siege_social=False),
        found(HEAD, source="siege_social", **head_office),
    )


REDIRECTED = (
    f"Sirene renvoie du SIRET {spaced(HEAD)} au {spaced(HEIR)}, d'une autre entreprise (SIREN {spaced(siren(2))}), dont voici les "
    "données : vérifiez que c'est la vôtre."
)
TOLD = {
    "of several successors, the one that carries the activity on comes first": Trap(
        (
            found(HEAD, **CLOSED),
            succession(
                heir(LATEST, "2023-05-01", continues=False),
                heir(HEIR_OF_ALL, "2020-01-31", continues=True),
                heir(THIRD, "2020-01-31", continues=False),
            ),
        ),
        notices=closed(
            f" Son successeur est le {spaced(HEIR_OF_ALL)}. Autres successeurs : {spaced(LATEST)}, {spaced(THIRD)}."
        ),
    ),
    "a successor that does not carry the activity on is said not to": Trap(
        (found(HEAD, **CLOSED), succession(heir(LATEST, "2022-07-01", continues=False))),
        notices=closed(f" Successeur sans continuité économique : {spaced(LATEST)}."),
    ),
    "a redirect to another company is told as such": Trap(
        (found(HEIR, redirected_from=HEAD),),
        {"legalEntity/companyID": siren(2)},
        notices=(
            (
                "redirected_to_another_company",
                REDIRECTED,
            ),
        ),
        siret=HEIR,
    ),
    "a head office that limits its disclosure is told": Trap(
        branch_of(status_diffusion="partiellement_diffusible", where={"status_diffusion": "partiellement_diffusible"}),
        {"postalAddress/streetName": "7 RUE DES TUILERIES"},
        gaps(withheld="headOfficeAddress/streetName headOfficeAddress/postalZone"),
        (
            (
                "head_office_partially_disclosed",
                "Le siège de l'entreprise limite la diffusion de ses données : son adresse est à saisir.",
            ),
        ),
        number=BRANCH,
    ),
    "an inactive association is told, and is not dissolved": Trap(
        (found(HEAD, of={"rna": "W423000001"}), association(SIREN, active=False)),
        {"name": "ATELIERS DU GIER"},
        notices=(
            (
                "association_inactive",
                "Le RNA et Sirene ne tiennent pas tous deux l'association pour active, ce qui n'est pas une dissolution.",
            ),
        ),
    ),
    "an acronym has its place": Trap(
        (found(HEAD, of={"personne_morale_attributs": {"raison_sociale": "GROUPE ALTEA", "sigle": "GA"}}),),
        {"name": "GROUPE ALTEA", "acronym": "GA"},
    ),
    "an acronym made of a space is none": Trap(
        (found(HEAD, of={"personne_morale_attributs": {"raison_sociale": "GROUPE ALTEA", "sigle": " "}}),),
        missing=no_gap("acronym"),
    ),
    "Monaco is not France": Trap(
        (found(HEAD, where={"code_postal": "98000", "libelle_commune": "MONACO", "code_commune": "99138"}),),
        {"postalAddress/countryCode": "MCO", "headOfficeAddress/countryCode": "MCO"},
    ),
    "overseas is France": Trap(
        (found(HEAD, where={"code_postal": "98800", "libelle_commune": "NOUMEA", "code_commune": "98818"}),),
        {"postalAddress/countryCode": "FRA"},
    ),
    "of several signs, those that are names": Trap(
        (found(HEAD, enseigne="ALTEA, ALTEA PRO, SUPPRESSION DU NOM COMMERCIAL"), rcs(SIREN, nom_commercial="AUTRE")),
        {"tradeName": "ALTEA, ALTEA PRO"},
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_a_register_says_of_a_company_is_told(simulator, service, name):
    assert_trap(service, simulator, TOLD[name])


def test_an_answer_about_another_company_is_told_as_such(simulator, service):
    simulator.add(found(HEAD), case("extraits_rcs_infogreffe", SIREN, rcs(siren(2))["payload"]))

    body = service.get(f"/v1/prefill/{HEAD}").json
    gap = body["missing"]["/partIV/A/tradeRegister/registrationNumber"]

    assert body["sources"]["extraits_rcs_infogreffe"]["cause"] == "other_company"
    assert gap["message"] == (
        "Infogreffe a répondu au sujet d'une autre entreprise : à saisir, ou à redemander plus tard."
    )
