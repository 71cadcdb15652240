"""The keys that each register's answer is known to hold, and those that no tender has a use for."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
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
UNIT_KEYS = words(_UNIT_KEYS + " date_cessation")
ESTABLISHMENT_KEYS = words(_UNIT_KEYS + _ADDRESS_KEYS + " siret siege_social date_fermeture enseigne unite_legale")
RCS_KEYS = words("""
    siren date_radiation date_extrait date_immatriculation mandataires_sociaux numero_identification type
    fonction nom prenom raison_sociale observations numero libelle date nom_commercial etablissement_principal
    activite origine_fonds mode_exploitation code_ape capital montant devise code_devise greffe valeur code
    personne_morale forme_juridique denomination date_cloture_exercice_comptable date_fin_de_vie""")
ASSOCIATION_KEYS = words("""
    rna ancien_id siren nom sigle reconnue_utilite_publique siret_siege forme_juridique code libelle regime
    groupement impots_commerciaux alsace_moselle tribunal_instance volume folio
    date_publication_registre_association date_dissolution date_publication_reconnue_utilite_publique
    date_publication_journal_officiel active date_creation adresse_siege complement numero_voie type_voie
    libelle_voie distribution code_insee code_postal commune agrements numero date_attribution type niveau
    attributeur activites objet objet_social1 objet_social2 champ_action_territorial activite_principale
    tranche_effectif annee economie_sociale_et_solidaire date_appartenance_ess etablissements siret actif
    siege date_debut_activite""")

PERSONAL_AT_INSEE = words("sexe prenom_1 prenom_2 prenom_3 prenom_4")
PERSONAL_AT_RCS = words("personne_physique date_naissance naissance nationalite adresse")
PERSONAL_AT_RNA = words("telephone courriel civilite adresse_gestion composition_reseau rhs comptes dirigeants")
PERSONAL_AT_RNE = words("date_naissance commune_residence")
PERSONAL_AT_DGFIP = words("personne_physique_attributes adresse")

TURNOVER_KEYS = words("chiffre_affaires date_fin_exercice")
STAFF_KEYS = words("siren annee effectifs_annuel regime value nature date_derniere_mise_a_jour")
RNE_KEYS = words("""
    document_url identite_entreprise denomination nom prenoms siren date_immatriculation_rne date_debut_activite
    detail_cessation dissolution date poursuite_activite avec_liquidation date_fin_personne date_cloture_exercice
    date_premiere_cloture_exercice nature_entreprise forme_juridique code libelle associe_unique
    activite_principales_objet_social code_APE code_APRM capital_social montant devise adresse_siege_social voie
    code_postal commune pays complement dirigeants_et_associes qualite prenom etablissements type_etablissement
    siret nature_etablissement activite_principale autre_activite adresse statut diffusion_commerciale
    diffusion_insee etablissements_fermes_total observations fournisseur numero texte""")
SHAREHOLDER_KEYS = words("""
    capital actionnaires type pourcentage nombre_parts personne_morale_attributes siren denomination
    complement_denomination forme_juridique repartition personnes_physiques personnes_morales total_actions nombre
    depose_neant participations filiales pourcentage_detention nombre_filiales""")
QUALIFELEC_KEYS = words("""
    document_url numero rge date_debut date_fin qualification label indices code mentions domaines classification
    assurance_decennale assurance_civile nom""")
QUALIOPI_KEYS = words("""
    siret code_uai unite_legale_avec_plusieurs_nda declarations_activites_etablissement numero_de_declaration actif
    date_derniere_declaration date_debut_exercice date_fin_exercice certification_qualiopi action_formation
    bilan_competences validation_acquis_experience apprentissage obtention_via_unite_legale specialites
    specialite_1 specialite_2 specialite_3 code libelle habilitations_france_competence date_actif
    date_fin_enregistrement date_decision habilitation_pour_former habilitation_pour_organiser_l_evaluation
    sirets_organismes_certificateurs""")
