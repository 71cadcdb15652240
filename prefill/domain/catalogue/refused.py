"""Rows that no form may name: withdrawn or unpublished by their providers, or not asked for by this service."""

from __future__ import annotations

from prefill.domain.sources import Source

NOT_ASKED = "ce service ne demande pas cette donnée."

REFUSED: tuple[Source, ...] = (
    Source(
        "attestations_agefiph", "Attestation Agefiph", "Agefiph", "", withdrawn=True,
        refusal=(
            "son fournisseur l'a retirée : depuis 2021 l'Urssaf et, pour l'agriculture, la MSA recueillent l'obligation d'emploi des "
            "travailleurs handicapés : l'attestation de vigilance (attestations_sociales_acoss) et la conformité à la MSA "
            "(cotisations_msa) la couvrent."
        ),
    ),
    Source(
        "extraits_courts_inpi", "Titres de propriété industrielle", "INPI", "", open=True, withdrawn=True,
        refusal=(
            "son fournisseur l'a retirée et API Entreprise n'a pas de remplaçante ; la recherche publique "
            "data.inpi.fr accepte un SIREN."
        ),
    ),
    Source(
        "certificats_agence_bio", "Certification biologique", "Agence Bio", "", open=True, withdrawn=True,
        refusal=(
            "point d'accès qu'API Entreprise annonce sans le publier ; l'annuaire public annuaire.agencebio.org accepte un "
            "SIRET."
        ),
    ),
    Source("bilans_inpi", "Bilans déposés au RNE", "INPI", "", tenders=False, refusal=NOT_ASKED),
    Source(
        "bilans_entreprises_bdf", "Bilans", "Banque de France", "/v3/banque_de_france/unites_legales/{siren}/bilans",
        tenders=False, scope="bilans_bdf", refusal=NOT_ASKED,
    ),
    Source(
        "liasses_fiscales_dgfip", "Liasses fiscales", "DGFIP",
        "/v3/dgfip/unites_legales/{siren}/liasses_fiscales/{year}", tenders=False, scope="liasses_fiscales_dgfip",
        refusal=NOT_ASKED,
    ),
    Source(
        "mandataires_sociaux", "Mandataires sociaux (données de naissance)", "Infogreffe",
        "/v3/infogreffe/rcs/unites_legales/{siren}/mandataires_sociaux", tenders=False,
        scope="mandataires_sociaux_infogreffe",
        refusal=(
            "ce service ne demande pas cette donnée : elle n'ajoute à l'extrait RCS (extraits_rcs_infogreffe) que des dates "
            "et lieux de naissance."
        ),
    ),
)  # fmt: skip
