"""The catalogue: one row per upstream endpoint, and what comes back from one.

Paths, groups of budget, perimeters and access follow the public contract of API Entreprise and its
use case for public tenders. The client, the sandbox, the access rule, the form checker, the command
line and the documentation all read these rows; a new endpoint is one row.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from prefill.domain.company import (
    BUILDING,
    ENERGY_WORKS,
    ENGINEERING,
    FARMING,
    is_alive,
    is_association,
    is_closed,
    is_not_head_office,
    is_unread,
    registers_at_rcs,
)
from prefill.domain.sources import DAY, DOCUMENTS, GIP_MDS, HOUR, INPI, SLOW_DOCUMENTS, URSSAF, Identifier, Kind, Source


def _keys(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ADDRESS_KEYS = """
    adresse complement_adresse numero_voie indice_repetition_voie type_voie libelle_voie code_postal
    libelle_commune libelle_commune_etranger distribution_speciale code_commune code_cedex libelle_cedex
    code_pays_etranger libelle_pays_etranger acheminement_postal l1 l2 l3 l4 l5 l6 l7"""
_UNIT_KEYS = """
    siren rna siret_siege_social status_diffusion type personne_morale_attributs raison_sociale sigle
    personne_physique_attributs pseudonyme prenom_usuel nom_usage nom_naissance categorie_entreprise
    diffusable_commercialement forme_juridique code libelle activite_principale nomenclature
    activite_principale_naf_rev2 tranche_effectif_salarie de a date_reference intitule
    economie_sociale_et_solidaire date_creation etat_administratif"""
UNIT_KEYS = _keys(_UNIT_KEYS + " date_cessation")
ESTABLISHMENT_KEYS = _keys(_UNIT_KEYS + _ADDRESS_KEYS + " siret siege_social date_fermeture enseigne unite_legale")
RCS_KEYS = _keys("""
    siren date_radiation date_extrait date_immatriculation mandataires_sociaux numero_identification type
    fonction nom prenom raison_sociale observations numero libelle date nom_commercial etablissement_principal
    activite origine_fonds mode_exploitation code_ape capital montant devise code_devise greffe valeur code
    personne_morale forme_juridique denomination date_cloture_exercice_comptable date_fin_de_vie""")
ASSOCIATION_KEYS = _keys("""
    rna ancien_id siren nom sigle reconnue_utilite_publique siret_siege forme_juridique code libelle regime
    groupement impots_commerciaux alsace_moselle tribunal_instance volume folio
    date_publication_registre_association date_dissolution date_publication_reconnue_utilite_publique
    date_publication_journal_officiel active date_creation adresse_siege complement numero_voie type_voie
    libelle_voie distribution code_insee code_postal commune agrements numero date_attribution type niveau
    attributeur activites objet objet_social1 objet_social2 champ_action_territorial activite_principale
    tranche_effectif annee economie_sociale_et_solidaire date_appartenance_ess etablissements siret actif
    siege date_debut_activite""")

PERSONAL_AT_INSEE = _keys("sexe prenom_1 prenom_2 prenom_3 prenom_4")
PERSONAL_AT_RCS = _keys("personne_physique date_naissance naissance nationalite adresse")
PERSONAL_AT_RNA = _keys("telephone courriel civilite adresse_gestion composition_reseau rhs comptes dirigeants")

_ESTABLISHMENT: Mapping[str, type | tuple[type, ...]] = {
    "siret": str,
    "siege_social": bool,
    "etat_administratif": str,
    "status_diffusion": str,
    "unite_legale": dict,
    "adresse": dict,
}
_INSEE: dict[str, Any] = {
    "producer": "Insee",
    "fresh": HOUR,  # its data changes once a night, but a diffusion status is never trusted for longer
    "keep": 12 * HOUR,  # a company that limits its disclosure does so overnight
    "personal": PERSONAL_AT_INSEE,
}
_STAFF = "/v3/gip_mds/unites_legales/{siren}/effectifs_annuels/{year}"
STAFF_KEYS = _keys("siren annee effectifs_annuel regime value nature date_derniere_mise_a_jour")
_FORBIDDEN = "l'usage de cette donnée n'est pas permis pour les marchés publics."

SOURCES: tuple[Source, ...] = (
    # general information, open: what a candidate's page may hold
    Source(
        "etablissements", "Établissement", path="/v4/insee/sirene/etablissements/diffusibles/{siret}",
        identifier=Identifier.SIRET, open=True, shape=_ESTABLISHMENT, keys=ESTABLISHMENT_KEYS, **_INSEE,
    ),
    Source(
        "siege_social", "Siège social", path="/v4/insee/sirene/unites_legales/diffusibles/{siren}/siege_social",
        open=True, applies=is_not_head_office, shape=_ESTABLISHMENT, keys=ESTABLISHMENT_KEYS, **_INSEE,
    ),
    Source(
        "entreprises", "Unité légale", path="/v4/insee/sirene/unites_legales/diffusibles/{siren}",
        open=True, applies=is_unread, shape={"siren": str, "status_diffusion": str}, keys=UNIT_KEYS, **_INSEE,
    ),
    Source(
        "successions", "Successions d'établissements", "Insee",
        "/v3/insee/sirene/etablissements/{siret}/successions", identifier=Identifier.SIRET, open=True,
        applies=is_closed, shape={"successeurs": list},
        keys=_keys("predecesseurs successeurs siret date_succession transfert_siege continuite_economique"),
    ),
    Source(
        "extraits_rcs_infogreffe", "Extrait RCS (Kbis)", "Infogreffe",
        "/v3/infogreffe/rcs/unites_legales/{siren}/extrait_kbis", open=True, applies=registers_at_rcs,
        names_people=True, shape={"siren": str, "mandataires_sociaux": (list, type(None))}, personal=PERSONAL_AT_RCS, keys=RCS_KEYS,
    ),
    Source(
        "numero_tva", "Numéro de TVA intracommunautaire", "Commission européenne",
        "/v3/european_commission/unites_legales/{siren}/numero_tva", open=True, scope=None, applies=is_alive,
        shape={"tva_number": (str, type(None))}, keys=_keys("tva_number"),
    ),
    Source(
        "associations", "Association", "RNA",
        "/v4/djepva/api-association/associations/open_data/{siren_or_rna}", Identifier.RNA_OR_SIREN, open=True,
        applies=is_association, shape={"nom": str, "regime": (str, type(None))}, personal=PERSONAL_AT_RNA,
        keys=ASSOCIATION_KEYS,
    ),
    Source(
        "documents_associations", "Documents d'association", "RNA",
        "/v3/ministere_interieur/rna/associations/{siret_or_rna}/documents", Identifier.RNA_OR_SIRET,
        Kind.DOCUMENTS, open=True, budget=DOCUMENTS, applies=is_association, on_demand=True, rows=True, fresh=HOUR,
        keep=0, documents="[].{url: url, title: type}", keys=_keys("timestamp type url expires_in errors"),
    ),
    Source(
        "actes_inpi", "Actes déposés au RNE", "INPI",
        "/v3/inpi/rne/unites_legales/open_data/{siren}/actes_bilans", kind=Kind.DOCUMENTS, open=True, budget=INPI,
        applies=registers_at_rcs, names_people=True, on_demand=True, fresh=HOUR, keep=0, shape={"actes": list},
        documents="actes[].{url: url, title: types_actes[0].type_acte}",
        personal=frozenset({"bilans"}),  # the other half of the answer, `bilans_inpi`, is forbidden for tenders
        keys=_keys("actes id nom_document date_depot date_mise_a_jour types_actes type_acte type_decision url"),
    ),
    Source(
        "conventions_collectives", "Conventions collectives", "ministère du Travail",
        "/v3/fabrique_numerique_ministeres_sociaux/etablissements/{siret}/conventions_collectives", Identifier.SIRET,
        open=True, on_demand=True, rows=True, fresh=7 * DAY,
        keys=_keys("type titre titre_court numero_idcc active etat synonymes url date_publication"),
    ),
    # the same registers with what is protected: for the entitled buyer's agents
    Source(
        "etablissements_instructeur", "Établissement (données protégées)",
        path="/v4/insee/sirene/etablissements/{siret}", identifier=Identifier.SIRET, twin_of="etablissements",
        scope="unites_legales_etablissements_insee", shape=_ESTABLISHMENT, keys=ESTABLISHMENT_KEYS, **_INSEE,
    ),
    Source(
        "siege_social_instructeur", "Siège social (données protégées)",
        path="/v4/insee/sirene/unites_legales/{siren}/siege_social", twin_of="siege_social",
        applies=is_not_head_office, scope="unites_legales_etablissements_insee", shape=_ESTABLISHMENT,
        keys=ESTABLISHMENT_KEYS, **_INSEE,
    ),
    Source(
        "entreprises_instructeur", "Unité légale (données protégées)",
        path="/v4/insee/sirene/unites_legales/{siren}", twin_of="entreprises", applies=is_unread,
        scope="unites_legales_etablissements_insee", shape={"siren": str, "status_diffusion": str}, keys=UNIT_KEYS,
        **_INSEE,
    ),
    Source(
        "associations_instructeur", "Association (données protégées)", "RNA",
        "/v4/djepva/api-association/associations/{siren_or_rna}", Identifier.RNA_OR_SIREN, twin_of="associations",
        applies=is_association, scope="associations_djepva", shape={"nom": str}, personal=PERSONAL_AT_RNA, keys=ASSOCIATION_KEYS,
    ),
    # protected proofs
    Source(
        "exercices", "Chiffres d'affaires", "DGFIP", "/v3/dgfip/etablissements/{siret}/chiffres_affaires",
        Identifier.SIRET, scope="chiffre_affaires_dgfip", rows=True,
        keys=_keys("chiffre_affaires date_fin_exercice"),
    ),
    Source(
        "effectifs_annuels", "Effectif annuel (dernière année)", "GIP-MDS", _STAFF, budget=GIP_MDS,
        scope="effectifs_urssaf", years_back=1, shape={"annee": str, "effectifs_annuel": list}, keys=STAFF_KEYS,
    ),
    Source(
        "effectifs_annuels_precedents", "Effectif annuel (année précédente)", "GIP-MDS", _STAFF, budget=GIP_MDS,
        scope="effectifs_urssaf", years_back=2, shape={"annee": str, "effectifs_annuel": list}, keys=STAFF_KEYS,
    ),
    Source(
        "effectifs_boeth", "Travailleurs handicapés (BOETH)", "GIP-MDS", _STAFF, budget=GIP_MDS,
        scope="effectifs_urssaf", years_back=1, shape={"annee": str, "effectifs_annuel": list}, keys=STAFF_KEYS,
        parameters={"nature_effectif": "boeth"},
    ),
    Source(
        "attestations_fiscales_dgfip", "Attestation fiscale", "DGFIP",
        "/v4/dgfip/unites_legales/{siren}/attestation_fiscale", kind=Kind.DOCUMENTS, budget=SLOW_DOCUMENTS,
        scope="attestation_fiscale_dgfip", fresh=HOUR, keep=0, shape={"document_url": (str, type(None))},
        documents="[document_url]",
        keys=_keys("document_url document_url_expires_in date_delivrance_attestation date_periode_analysee"),
    ),
    Source(
        "attestations_sociales_acoss", "Attestation de vigilance", "Urssaf",
        "/v4/urssaf/unites_legales/{siren}/attestation_vigilance", kind=Kind.DOCUMENTS, budget=URSSAF,
        scope="attestation_sociale_urssaf", fresh=HOUR, keep=0, shape={"entity_status": dict},
        documents="[document_url]", under_review=frozenset({"04501", "04502"}),
        keys=_keys("""document_url document_url_expires_in date_debut_validite date_fin_validite code_securite
            entity_status code libelle description"""),
    ),
    Source(
        "cotisations_msa", "Cotisations MSA", "MSA", "/v3/msa/etablissements/{siret}/conformite_cotisations",
        Identifier.SIRET, scope="cotisations_msa", applies=FARMING, fresh=HOUR, shape={"status": str},
        keys=_keys("status"),
    ),
    Source(
        "cotisation_retraite_probtp", "Cotisations de retraite", "ProBTP",
        "/v3/probtp/etablissements/{siret}/conformite_cotisations_retraite", Identifier.SIRET,
        scope="cotisations_probtp", applies=BUILDING, fresh=HOUR, shape={"eligible": bool}, keys=_keys("eligible"),
    ),
    Source(
        "certificats_cnetp", "Congés payés et chômage intempéries", "CNETP",
        "/v3/cnetp/unites_legales/{siren}/attestation_cotisations_conges_payes_chomage_intemperies",
        kind=Kind.DOCUMENTS, budget=DOCUMENTS, scope="certification_cnetp", applies=BUILDING, fresh=600, keep=0,
        shape={"document_url": str}, documents="[document_url]", keys=_keys("document_url expires_in"),
    ),
    # certificates, open
    Source(
        "cartes_professionnelles_fntp", "Carte professionnelle de travaux publics", "FNTP",
        "/v3/fntp/unites_legales/{siren}/carte_professionnelle_travaux_publics", kind=Kind.DOCUMENTS, open=True,
        budget=DOCUMENTS, applies=BUILDING, on_demand=True, fresh=HOUR, keep=0, shape={"document_url": str},
        documents="[document_url]", keys=_keys("document_url expires_in"),
    ),
    Source(
        "certificats_rge_ademe", "Certifications RGE", "Ademe",
        "/v3/ademe/etablissements/{siret}/certification_rge", Identifier.SIRET, Kind.DOCUMENTS, open=True,
        applies=ENERGY_WORKS, on_demand=True, rows=True, documents="[].{url: url, title: nom_certificat}",
        keys=_keys("""url nom_certificat domaine meta_domaine qualification code nom organisme date_attribution
            date_expiration meta internal_id updated_at archived"""),
    ),
    Source(
        "certificats_qualibat", "Certification Qualibat", "Qualibat",
        "/v4/qualibat/etablissements/{siret}/certification_batiment", Identifier.SIRET, Kind.DOCUMENTS, open=True,
        budget=DOCUMENTS, applies=BUILDING, on_demand=True, fresh=HOUR, keep=0, documents="[document_url]",
        shape={"document_url": (str, type(None))},
        keys=_keys("""document_url document_url_expires_in date_emission date_fin_validite entity
            assurance_responsabilite_travaux assurance_responsabilite_civile nom identifiant certifications code
            libelle rge date_attribution"""),
    ),
    Source(
        "certificats_opqibi", "Certification d'ingénierie", "OPQIBI",
        "/v3/opqibi/unites_legales/{siren}/certification_ingenierie", open=True, applies=ENGINEERING,
        on_demand=True, shape={"qualifications": list},
        keys=_keys("""numero_certificat url date_delivrance_certificat duree_validite_certificat assurances
            qualifications nom code_qualification definition rge date_validite_qualifications
            qualifications_probatoires date_validite_qualifications_probatoires"""),
    ),
    # withdrawn by their providers
    Source(
        "attestations_agefiph", "Attestation Agefiph", "Agefiph", "", withdrawn=True,
        refusal=(
            "son fournisseur l'a retirée : depuis 2020 l'Urssaf recueille l'obligation d'emploi des travailleurs "
            "handicapés et son attestation de vigilance la mentionne (attestations_sociales_acoss)."
        ),
    ),
    Source(
        "extraits_courts_inpi", "Titres de propriété industrielle", "INPI", "", open=True, withdrawn=True,
        refusal=(
            "son fournisseur l'a retirée et API Entreprise n'a pas de remplaçante ; la recherche publique "
            "data.inpi.fr accepte un SIREN."
        ),
    ),
    # forbidden for tenders
    Source("bilans_inpi", "Bilans déposés au RNE", "INPI", "", tenders=False, refusal=_FORBIDDEN),
    Source(
        "bilans_entreprises_bdf", "Bilans", "Banque de France", "/v3/banque_de_france/unites_legales/{siren}/bilans",
        tenders=False, scope="bilans_bdf", refusal=_FORBIDDEN,
    ),
    Source(
        "liasses_fiscales_dgfip", "Liasses fiscales", "DGFIP",
        "/v3/dgfip/unites_legales/{siren}/liasses_fiscales/{year}", tenders=False, scope="liasses_fiscales_dgfip",
        refusal=_FORBIDDEN,
    ),
)  # fmt: skip

CATALOGUE: Mapping[str, Source] = MappingProxyType({source.name: source for source in SOURCES})
