"""What is told of the keys of a source: who sees them, and an invented example."""

from __future__ import annotations

import pytest

from prefill.authoring.source_keys import keys_of
from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.sandbox.companies import CANARIES

ASKED = [source for source in SOURCES if source.usable]


def keys(name):
    return {key.path: key for key in keys_of(CATALOGUE[name])}


def test_what_a_partial_disclosure_withholds_is_told():
    told = keys("etablissements")
    masked = {path for path, key in told.items() if key.masked}

    assert {"enseigne", "adresse.libelle_voie", "adresse.code_postal"} <= masked
    assert {
        "unite_legale.personne_physique_attributs.nom_usage",
        "unite_legale.personne_morale_attributs.sigle",
    } <= masked
    assert not {"siret", "unite_legale.siren", "adresse.libelle_commune", "adresse.code_commune"} & masked
    assert not any(key.masked for key in keys("etablissements_instructeur").values())


def test_an_example_is_the_sandboxs():
    told = keys("extraits_rcs_infogreffe")

    assert (told["capital.montant"].example, told["mandataires_sociaux[].nom"].example) == (80000.0, "KERGALVEN")


@pytest.mark.parametrize("source", ASKED, ids=lambda source: source.name)
def test_no_example_is_what_a_company_withholds(source):
    if source.open:
        assert not {str(key.example) for key in keys_of(source)} & set(CANARIES)
