"""What the certification bodies answer."""

from __future__ import annotations

from prefill.domain.answer_shapes.notation import answer

RGE = answer(
    """
    url text? Certificat
    nom_certificat text? Nom du certificat
    domaine text? Domaine de travaux
    meta_domaine text? Famille de domaines
    qualification object Qualification
      code text? Code
      nom text? Nom
    organisme text? Organisme certificateur
    date_attribution date? Depuis le
    date_expiration date? Jusqu'au
    meta object Enregistrement à l'Ademe
      internal_id text? Identifiant
      updated_at date? Dernière mise à jour
      archived boolean? Archivé : ne vaut plus
    """,
    rows=True,
)
QUALIBAT = answer("""
    document_url text? Certificat, en PDF
    document_url_expires_in integer? Secondes avant la fin de l'adresse
    date_emission date? Date d'émission
    date_fin_validite date? Valable jusqu'au
    entity object Ce que dit le certificat
      assurance_responsabilite_travaux object Assurance de travaux
        nom text? Assureur
        identifiant text? Numéro de police
      assurance_responsabilite_civile object Assurance de responsabilité civile
        nom text? Assureur
        identifiant text? Numéro de police
      certifications rows Qualifications
        code text? Code
        libelle text? Libellé
        rge boolean? Mention RGE
        date_attribution date? Depuis le
""")
OPQIBI_QUALIFICATION = """
      nom text? Nom
      code_qualification text? Code
      definition text? Définition
      rge boolean? Mention RGE
"""
OPQIBI = answer(f"""
    numero_certificat text? Numéro du certificat
    url text? Fiche sur le site de l'OPQIBI
    date_delivrance_certificat date? Date de délivrance
    duree_validite_certificat text? Durée de validité, en toutes lettres
    assurances text? Assureurs
    qualifications rows Qualifications{OPQIBI_QUALIFICATION}
    date_validite_qualifications date? Qualifications valables jusqu'au
    qualifications_probatoires rows Qualifications probatoires{OPQIBI_QUALIFICATION}
    date_validite_qualifications_probatoires date? Qualifications probatoires valables jusqu'au
""")
LABELLED = """
        code text? Code
        label text? Libellé
"""
QUALIFELEC = answer(
    f"""
    document_url text? Certificat, en PDF
    numero number? Numéro du certificat
    rge boolean? Mention RGE
    date_debut date? Depuis le
    date_fin date? Jusqu'au
    qualification object Qualification
      label text? Libellé
      date_debut date? Depuis le
      date_fin date? Jusqu'au
      indices rows? Indices{LABELLED}
      mentions rows? Mentions{LABELLED}
      domaines rows? Domaines{LABELLED}
      classification object Classe
        code integer? Code
        label text? Libellé
    assurance_decennale object Assurance décennale
      nom text? Assureur
      date_debut date? Depuis le
      date_fin date? Jusqu'au
    assurance_civile object Assurance de responsabilité civile
      nom text? Assureur
      date_debut date? Depuis le
      date_fin date? Jusqu'au
    """,
    rows=True,
)
SPECIALITY = answer("""
    code text? Code
    libelle text? Libellé
""")
QUALIOPI = answer(
    """
    siret text SIRET
    code_uai text? Code UAI
    unite_legale_avec_plusieurs_nda boolean? L'entreprise a plusieurs numéros de déclaration
    declarations_activites_etablissement rows Déclarations d'activité
      numero_de_declaration text? Numéro
      actif boolean? Active
      date_derniere_declaration date? Dernier bilan
      date_debut_exercice date? Début de l'exercice
      date_fin_exercice date? Fin de l'exercice
      certification_qualiopi object Actions certifiées
        action_formation boolean? Formation
        bilan_competences boolean? Bilan de compétences
        validation_acquis_experience boolean? VAE
        apprentissage boolean? Apprentissage
        obtention_via_unite_legale boolean? Étendue depuis l'entreprise
      specialites object Spécialités
        specialite_1 speciality Première spécialité
        specialite_2 speciality Deuxième spécialité
        specialite_3 speciality Troisième spécialité
    habilitations_france_competence rows Habilitations
      code text? Code
      actif boolean? Active
      date_actif date? Active depuis
      date_fin_enregistrement date? Fin d'enregistrement
      date_decision date? Décision
      habilitation_pour_former boolean? Permet de former
      habilitation_pour_organiser_l_evaluation boolean? Permet d'évaluer
      sirets_organismes_certificateurs texts? SIRET des certificateurs
    """,
    {"speciality": SPECIALITY},
)
