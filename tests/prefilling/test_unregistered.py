"""An association that has no SIREN, read where the Insee is read."""

from __future__ import annotations

import pytest

from prefill.domain.answers import Answer, Status
from prefill.prefilling.unregistered import establishment_of


def answered(**known: object) -> Answer:
    return Answer("associations", Status.OK, {"rna": "W423000001", "siren": None, "nom": "LES AMIS", **known})


def test_who_says_so_stays_the_rna_and_no_number_of_sirene_is_told():
    establishment = establishment_of(answered(sigle="LA", adresse_siege={"commune": "Grenoble", "code_insee": "38185"}))
    unit = establishment.data["unite_legale"]

    assert establishment.source == "associations"
    assert (establishment.data["siret"], unit["siren"], unit["rna"]) == (None, None, "W423000001")
    assert unit["personne_morale_attributs"] == {"raison_sociale": "LES AMIS", "sigle": "LA"}
    assert establishment.data["adresse"]["libelle_commune"] == "Grenoble"


@pytest.mark.parametrize("seat", [None, {}, {"commune": "", "libelle_voie": "Chemin du Four"}])
def test_a_seat_without_municipality_is_no_address(seat):
    assert establishment_of(answered(adresse_siege=seat)).data["adresse"] is None
