"""Figures and proofs that only an entitled agent of the buyer may see."""

from __future__ import annotations

from prefill.domain.answer_shapes import proofs
from prefill.domain.catalogue.keys import PERSONAL_AT_DGFIP
from prefill.domain.catalogue.proofs import (
    CIBTP,
    CNETP,
    LABOUR_CODE,
    MSA,
    PROBTP_CERTIFICATE,
    PROBTP_STATUS,
    TAX_CERTIFICATE,
    VIGILANCE,
)
from prefill.domain.company import BUILDING, FARMING, is_covered_on_the_mainland, may_contribute_to_probtp
from prefill.domain.sources import DOCUMENTS, GIP_MDS, HOUR, SLOW_DOCUMENTS, URSSAF, Identifier, Kind, Source

_STAFF = "/v3/gip_mds/unites_legales/{siren}/effectifs_annuels/{year}"

PROTECTED_PROOFS: tuple[Source, ...] = (
    Source(
        "exercices", "Chiffres d'affaires", "DGFIP", "/v3/dgfip/etablissements/{siret}/chiffres_affaires",
        Identifier.SIRET, scope="chiffre_affaires_dgfip",
        answer=proofs.TURNOVER,
    ),
    Source(
        "effectifs_annuels", "Effectif annuel (dernière année)", "GIP-MDS", _STAFF, budget=GIP_MDS,
        scope="effectifs_urssaf", years_back=1, shape={"annee": str, "effectifs_annuel": list}, answer=proofs.STAFF,
    ),
    Source(
        "effectifs_annuels_precedents", "Effectif annuel (année précédente)", "GIP-MDS", _STAFF, budget=GIP_MDS,
        scope="effectifs_urssaf", years_back=2, shape={"annee": str, "effectifs_annuel": list}, answer=proofs.STAFF,
    ),
    Source(
        "effectifs_annuels_anterieurs", "Effectif annuel (deux ans avant)", "GIP-MDS", _STAFF, budget=GIP_MDS,
        scope="effectifs_urssaf", years_back=3, shape={"annee": str, "effectifs_annuel": list}, answer=proofs.STAFF,
    ),
    Source(
        "effectifs_boeth", "Travailleurs handicapés (BOETH)", "GIP-MDS", _STAFF, budget=GIP_MDS,
        scope="effectifs_urssaf", years_back=1, shape={"annee": str, "effectifs_annuel": list}, answer=proofs.STAFF,
        parameters={"nature_effectif": "boeth"},
    ),
    Source(
        "effectifs_oeth", "Effectif d'assujettissement à l'obligation d'emploi (OETH)", "GIP-MDS", _STAFF,
        budget=GIP_MDS, scope="effectifs_urssaf", years_back=1, shape={"annee": str, "effectifs_annuel": list},
        answer=proofs.STAFF, parameters={"nature_effectif": "assujettissement_oeth"},
    ),
    Source(
        "liens_capitalistiques", "Liens capitalistiques (actionnaires et filiales)", "DGFIP",
        "/v3/dgfip/unites_legales/{siren}/liens_capitalistiques/{year}", scope="liens_capitalistiques_dgfip",
        years_back=1, shape={"capital": dict, "participations": dict}, personal=PERSONAL_AT_DGFIP,
        answer=proofs.SHAREHOLDING,
    ),
    Source(
        "attestations_fiscales_dgfip", "Attestation fiscale", "DGFIP",
        "/v4/dgfip/unites_legales/{siren}/attestation_fiscale", kind=Kind.DOCUMENTS, budget=SLOW_DOCUMENTS,
        scope="attestation_fiscale_dgfip", fresh=HOUR, keep=0, shape={"document_url": (str, type(None))},
        documents="[document_url]",
        answer=proofs.TAX_CERTIFICATE,
        as_of=(("data", "date_periode_analysee"),), proof=TAX_CERTIFICATE,
    ),
    Source(
        "attestations_sociales_acoss", "Attestation de vigilance", "Urssaf",
        "/v4/urssaf/unites_legales/{siren}/attestation_vigilance", kind=Kind.DOCUMENTS, budget=URSSAF,
        scope="attestation_sociale_urssaf", fresh=HOUR, keep=0, shape={"entity_status": dict},
        documents="[document_url]", under_review=frozenset({"04501", "04502"}),
        answer=proofs.VIGILANCE,
        proof=VIGILANCE, renewal=LABOUR_CODE,
    ),
    Source(
        "cotisations_msa", "Cotisations MSA", "MSA", "/v3/msa/etablissements/{siret}/conformite_cotisations",
        Identifier.SIRET, scope="cotisations_msa", likely=FARMING, fresh=HOUR, shape={"status": str},
        answer=proofs.MSA, proof=MSA, renewal=LABOUR_CODE,
    ),
    Source(
        "cotisation_retraite_probtp", "Cotisations de retraite", "ProBTP",
        "/v3/probtp/etablissements/{siret}/conformite_cotisations_retraite", Identifier.SIRET,
        scope="cotisations_probtp", applies=may_contribute_to_probtp, likely=BUILDING, fresh=HOUR,
        shape={"eligible": bool}, answer=proofs.PROBTP_STATUS, proof=PROBTP_STATUS,
    ),
    Source(
        "attestations_probtp", "Attestation de retraite", "ProBTP",
        "/v3/probtp/etablissements/{siret}/attestation_cotisations_retraite", Identifier.SIRET, Kind.DOCUMENTS,
        budget=DOCUMENTS, scope="cotisations_probtp", applies=may_contribute_to_probtp, likely=BUILDING, fresh=HOUR,
        keep=0, shape={"document_url": str}, documents="[document_url]", answer=proofs.DOCUMENT,
        proof=PROBTP_CERTIFICATE,
    ),
    Source(
        "certificats_cnetp", "Congés payés et chômage intempéries", "CNETP",
        "/v3/cnetp/unites_legales/{siren}/attestation_cotisations_conges_payes_chomage_intemperies",
        kind=Kind.DOCUMENTS, budget=DOCUMENTS, scope="certification_cnetp", likely=BUILDING, fresh=600, keep=0,
        shape={"document_url": str}, documents="[document_url]", answer=proofs.DOCUMENT, proof=CNETP,
    ),
    Source(
        "certificats_cibtp", "Congés payés et chômage intempéries (bâtiment)", "CIBTP",
        "/v3/cibtp/etablissements/{siret}/attestation_cotisations_conges_payes_chomage_intemperies",
        Identifier.SIRET, Kind.DOCUMENTS, budget=SLOW_DOCUMENTS, scope="certification_cnetp",
        applies=is_covered_on_the_mainland, likely=BUILDING, fresh=HOUR, keep=0,
        shape={"document_url": (str, type(None))},
        documents="[document_url]", answer=proofs.DOCUMENT, proof=CIBTP,
    ),
)  # fmt: skip
