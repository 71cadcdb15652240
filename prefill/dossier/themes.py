"""The order of the dossier: which rows of the use case stand under which theme, and which call answers a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prefill.problems import Language


@dataclass(frozen=True, slots=True)
class Theme:
    id: str
    title: Mapping[Language, str]
    sources: tuple[str, ...]


THEMES: tuple[Theme, ...] = (
    Theme(
        "general",
        {"fr": "Informations générales", "en": "General information"},
        (
            "etablissements",
            "entreprises",
            "siege_social",
            "extraits_rcs_infogreffe",
            "extraits_rne",
            "associations",
            "documents_associations",
            "actes_inpi",
            "conventions_collectives",
        ),
    ),
    Theme(
        "financial",
        {"fr": "Capacité financière", "en": "Financial standing"},
        (
            "exercices",
            "effectifs_annuels",
            "effectifs_annuels_precedents",
            "effectifs_annuels_anterieurs",
            "liens_capitalistiques",
            "bilans_inpi",
            "bilans_entreprises_bdf",
            "liasses_fiscales_dgfip",
        ),
    ),
    Theme(
        "social_and_tax",
        {"fr": "Attestations sociales et fiscales", "en": "Social and tax certificates"},
        (
            "attestations_fiscales_dgfip",
            "attestations_sociales_acoss",
            "attestations_agefiph",
            "cotisations_msa",
            "cotisation_retraite_probtp",
            "attestations_probtp",
            "certificats_cnetp",
            "certificats_cibtp",
        ),
    ),
    Theme(
        "certificates",
        {"fr": "Certificats professionnels", "en": "Professional certificates"},
        (
            "cartes_professionnelles_fntp",
            "certificats_rge_ademe",
            "certificats_qualibat",
            "certificats_qualifelec",
            "certificats_opqibi",
            "certifications_qualiopi",
        ),
    ),
    Theme(
        "intellectual_property",
        {"fr": "Propriété intellectuelle", "en": "Intellectual property"},
        ("extraits_courts_inpi",),
    ),
)
OTHERS: Mapping[Language, str] = {"fr": "Autres renseignements", "en": "Other information"}
PROOFS = "proofs"
COMPANY = "company"
# Rows of the use case that another call answers: the register's own, protected or open.
ANSWERING_SOURCES: Mapping[str, tuple[str, ...]] = {
    "etablissements": ("etablissements_instructeur", "etablissements"),
    "entreprises": ("etablissements_instructeur", "etablissements"),
    "siege_social": ("siege_social_instructeur", "siege_social"),
    "associations": ("associations_instructeur", "associations"),
}
# What is served in place of a withdrawn service.
REPLACEMENTS: Mapping[str, tuple[str, ...]] = {
    "attestations_agefiph": ("effectifs_boeth", "attestations_sociales_acoss"),
}
# Rows to be justified, or that repeat another one: queried only when an agent names them.
ON_REQUEST = frozenset({"liens_capitalistiques", "attestations_probtp"})
PUBLIC_SEARCH = "https://data.inpi.fr/entreprises/{siren}"
