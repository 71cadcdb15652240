"""What the tax and social bodies answer: figures, statuses, certificates as documents."""

from __future__ import annotations

from prefill.domain.answer_shapes.notation import answer

TURNOVER = answer(
    """
    chiffre_affaires any? Chiffre d'affaires en euros : un nombre, parfois écrit comme un texte
    date_fin_exercice date? Fin de l'exercice
    """,
    rows=True,
)
STAFF = answer("""
    siren text SIREN
    annee text Année, quatre chiffres
    effectifs_annuel rows Un effectif par régime
      regime text? Régime général ou agricole
      value number? Effectif moyen
      nature text? Nature de l'effectif
      date_derniere_mise_a_jour date? Dernière mise à jour
""")
SHAREHOLDING = answer("""
    capital object Composition du capital déclarée
      actionnaires rows Qui détient 10 % et plus
        type text personne_morale ou personne_physique
        pourcentage number? Part détenue
        nombre_parts number? Nombre de parts
        personne_morale_attributes object Une personne morale
          siren text? SIREN
          denomination text? Dénomination
          complement_denomination text? Suite de la dénomination
          forme_juridique text? Forme juridique
      repartition object Répartition
        personnes_physiques object Ce que détiennent des personnes physiques
          total_actions number? Nombre d'actions
          nombre number? Nombre de personnes
        personnes_morales object Ce que détiennent des personnes morales
          total_actions number? Nombre d'actions
          nombre number? Nombre de personnes
      depose_neant boolean? Déposé sans contenu
    participations object Filiales et participations déclarées
      filiales rows Sociétés détenues à 10 % et plus
        siren text? SIREN
        denomination text? Dénomination
        complement_denomination text? Suite de la dénomination
        forme_juridique text? Forme juridique
        pourcentage_detention number? Part détenue
      nombre_filiales number? Nombre de filiales
      depose_neant boolean? Déposé sans contenu
""")
TAX_CERTIFICATE = answer("""
    document_url text? Attestation, en PDF
    document_url_expires_in integer? Secondes avant la fin de l'adresse
    date_delivrance_attestation date? Date de délivrance
    date_periode_analysee date? Jour auquel la situation est appréciée
""")
VIGILANCE = answer("""
    entity_status object Situation
      code text ok ou refus_de_delivrance
      libelle text? Situation en toutes lettres
      description text? Ce qu'elle veut dire
    date_debut_validite date? Valable du
    date_fin_validite date? Valable jusqu'au
    code_securite text? Code de vérification
    document_url text? Attestation, en PDF
    document_url_expires_in integer? Secondes avant la fin de l'adresse
""")
MSA = answer("status text up_to_date, outdated ou under_investigation")
PROBTP_STATUS = answer("eligible boolean À jour de ses cotisations de retraite")
DOCUMENT = answer("""
    document_url text? Document, en PDF
    expires_in integer? Secondes avant la fin de l'adresse
""")
