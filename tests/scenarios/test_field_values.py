"""What registers really send, and what of it a form may show: written by hand from their rules."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from prefill.domain.answers import Answer, Status
from prefill.domain.permissions import Audience
from prefill.forms.filling import fill
from prefill.forms.registry import load_all
from tests.support.goldens import HEAD, SIREN, Trap, assert_trap, gaps, no_gap
from tests.support.simulator import activity, association, band, establishment, found, named, rcs

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
