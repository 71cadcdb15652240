"""The keys of the registers' answers that no tender has a use for."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PERSONAL_AT_INSEE = words("sexe prenom_1 prenom_2 prenom_3 prenom_4")
PERSONAL_AT_RCS = words("personne_physique date_naissance naissance nationalite adresse")
PERSONAL_AT_RNA = words("telephone courriel civilite adresse_gestion composition_reseau rhs comptes dirigeants")
PERSONAL_AT_RNE = words("date_naissance commune_residence")
PERSONAL_AT_DGFIP = words("personne_physique_attributes adresse")
