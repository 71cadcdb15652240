"""What Sirene (Insee) answers of an establishment and of a legal unit."""

from __future__ import annotations

from prefill.domain.answer_shapes.notation import answer

ACTIVITY = answer("""
    code text? Code de la nomenclature d'activités
    libelle text? Libellé du code, ou la mention qu'il n'est pas référencé
    nomenclature text? Nomenclature du code : NAFRev2, NAF2025…
""")
STAFF_BAND = answer("""
    code text? Code Insee de la tranche
    intitule text? Tranche en toutes lettres
    date_reference text? Année de la tranche, quatre chiffres
    de integer? Effectif le plus petit de la tranche
    a integer? Effectif le plus grand de la tranche
""")
NATURAL_PERSON = answer("""
    pseudonyme text? Pseudonyme
    prenom_usuel text? Prénom usuel
    nom_usage text? Nom d'usage
    nom_naissance text? Nom de naissance
""")
LEGAL_PERSON = answer("""
    raison_sociale text? Dénomination
    sigle text? Sigle
""")
LEGAL_FORM = answer("""
    code text? Catégorie juridique de l'Insee, quatre chiffres
    libelle text? Libellé de la catégorie juridique
""")
ADDRESS = answer("""
    status_diffusion text Statut de diffusion de l'adresse
    numero_voie text? Numéro dans la voie
    indice_repetition_voie text? bis, ter…
    type_voie text? Type de voie, en capitales
    libelle_voie text? Nom de la voie, sans son type
    complement_adresse text? Bâtiment, étage, zone
    distribution_speciale text? Boîte postale, CS, TSA
    code_postal text? Code postal
    code_commune text? Code Insee de la commune
    libelle_commune text? Commune ; null à l'étranger
    libelle_commune_etranger text? Commune à l'étranger
    code_cedex text? Code cedex
    libelle_cedex text? Bureau cedex
    code_pays_etranger text? Code Insee du pays ; null en France
    libelle_pays_etranger text? Pays, à l'étranger
    acheminement_postal object Les sept lignes d'une enveloppe
      l1 text? Destinataire
      l2 text? Personne
      l3 text? Complément d'adresse
      l4 text? Voie
      l5 text? Distribution spéciale
      l6 text? Code postal et commune, ou cedex
      l7 text? Pays
""")
_UNIT = """
    siren text SIREN
    rna text? Numéro RNA, pour une association
    siret_siege_social text SIRET du siège
    type text personne_morale ou personne_physique
    status_diffusion text diffusible ou partiellement_diffusible
    diffusable_commercialement boolean Diffusion commerciale permise
    personne_morale_attributs legal_person Noms d'une personne morale
    personne_physique_attributs natural_person Noms d'une personne physique
    categorie_entreprise text? Catégorie statistique : PME, ETI ou GE
    forme_juridique legal_form Forme juridique
    activite_principale activity Activité principale
    activite_principale_naf_rev2 activity Activité principale en NAF rév. 2
    tranche_effectif_salarie band Tranche d'effectif salarié
    economie_sociale_et_solidaire boolean? Économie sociale et solidaire
    date_creation timestamp? Date de création
    etat_administratif text A (active) ou C (cessée)
"""
_PARTS = {
    "activity": ACTIVITY,
    "band": STAFF_BAND,
    "legal_form": LEGAL_FORM,
    "legal_person": LEGAL_PERSON,
    "natural_person": NATURAL_PERSON,
}
UNIT = answer(_UNIT + "    date_cessation timestamp? Date de cessation\n", _PARTS)
ESTABLISHMENT = answer(
    """
    siret text SIRET
    siege_social boolean Est le siège de l'entreprise
    etat_administratif text A (ouvert) ou F (fermé)
    date_fermeture timestamp? Date de fermeture, parfois à venir
    date_creation timestamp? Date de création
    enseigne text? Enseigne
    status_diffusion text diffusible ou partiellement_diffusible
    diffusable_commercialement boolean Diffusion commerciale permise
    activite_principale activity Activité de l'établissement
    activite_principale_naf_rev2 activity Activité de l'établissement en NAF rév. 2
    tranche_effectif_salarie band Tranche d'effectif de l'établissement
    adresse address Adresse de l'établissement
    unite_legale unit L'entreprise
    """,
    {**_PARTS, "address": ADDRESS, "unit": answer(_UNIT, _PARTS)},
)
SUCCESSIONS = answer("""
    predecesseurs rows Établissements dont celui-ci prend la suite
      siret text SIRET du prédécesseur
      date_succession date Date de la succession
      transfert_siege boolean Le siège est transféré
      continuite_economique boolean L'activité continue
    successeurs rows Établissements qui prennent la suite de celui-ci
      siret text SIRET du successeur
      date_succession date Date de la succession
      transfert_siege boolean Le siège est transféré
      continuite_economique boolean L'activité continue
""")
