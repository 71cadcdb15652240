"""The rows that the list of the tender use case names, in its order; the catalogue has others beside them."""

from __future__ import annotations

USE_CASE: tuple[str, ...] = (
    "entreprises",
    "etablissements",
    "extraits_rcs_infogreffe",
    "associations",
    "documents_associations",
    "actes_inpi",
    "conventions_collectives",
    "exercices",
    "bilans_inpi",
    "bilans_entreprises_bdf",
    "liasses_fiscales_dgfip",
    "attestations_fiscales_dgfip",
    "attestations_sociales_acoss",
    "attestations_agefiph",
    "cotisations_msa",
    "cotisation_retraite_probtp",
    "cartes_professionnelles_fntp",
    "certificats_cnetp",
    "certificats_rge_ademe",
    "certificats_qualibat",
    "certificats_opqibi",
    "extraits_courts_inpi",
)
