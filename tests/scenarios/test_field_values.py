"""What registers really send, and what of it a form may show: written by hand from their rules."""

from __future__ import annotations

import pytest

from tests.support.goldens import HEAD, SIREN, Trap, assert_trap
from tests.support.simulator import association, found, named, rcs

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
