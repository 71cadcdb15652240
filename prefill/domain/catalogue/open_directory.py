"""The row of Recherche d'entreprises: another open API of the State, without a token, outside API Entreprise."""

from __future__ import annotations

from prefill.domain.answer_shapes.notation import answer
from prefill.domain.catalogue.proofs import INPI_ONE_STOP_SHOP
from prefill.domain.sources import HOUR, Identifier, RateGroup, Source

_PLACE = """
    siret text SIRET
    etat_administratif text? A (ouvert) ou F (fermé)
    statut_diffusion_etablissement text? O (diffusible) ou P (partiellement)
    adresse text? Adresse sur une ligne, code postal et commune compris
    code_postal text? Code postal
    commune text? Code Insee de la commune
    libelle_commune text? Commune ; null à l'étranger
    activite_principale text? Code NAF rév. 2, ou plus ancien
    activite_principale_naf25 text? Code NAF 2025
    date_creation date? Date de création
    date_fermeture date? Date de fermeture
    nom_commercial text? Nom usuel de l'établissement
    liste_enseignes texts? Enseignes
    liste_idcc texts? Numéros IDCC
    numero_voie text? Numéro, au siège seul comme les suivants
    dernier_numero_voie text? Dernier numéro d'un intervalle
    indice_repetition text? bis, ter…
    type_voie text? Type de voie, parfois abrégé
    libelle_voie text? Nom de la voie, sans son type
    complement_adresse text? Bâtiment, étage, zone
    distribution_speciale text? Boîte postale, CS, TSA
    cedex text? Code cedex
    libelle_cedex text? Bureau cedex
    code_pays_etranger text? Code Insee du pays ; null en France
    libelle_pays_etranger text? Pays, à l'étranger
    libelle_commune_etranger text? Commune à l'étranger
"""
UNIT = answer(
    """
    siren text SIREN
    nom_complet text? Nom pour l'affichage, avec enseigne et sigle entre parenthèses
    nom_raison_sociale text? Dénomination ; null pour un entrepreneur individuel
    sigle text? Sigle
    nature_juridique text? Catégorie juridique de l'Insee, quatre chiffres
    activite_principale text? Code NAF rév. 2, ou plus ancien
    activite_principale_naf25 text? Code NAF 2025
    categorie_entreprise text? PME, ETI ou GE
    tranche_effectif_salarie text? Code Insee de la tranche
    annee_tranche_effectif_salarie text? Année de la tranche
    date_creation date? Date de création
    date_fermeture date? Date de cessation
    date_mise_a_jour_insee text? Dernière mise à jour à l'Insee
    etat_administratif text? A (active) ou C (cessée)
    statut_diffusion text? O (diffusible) ou P (partiellement)
    tva texts? Numéros de TVA en vigueur
    complements object? Labels
      identifiant_association text? Numéro RNA
      est_ess boolean Économie sociale et solidaire ; faux veut dire non ou inconnu
    etablissement place L'établissement demandé
    siege place? Le siège
    """,
    {"place": answer(_PLACE)},
)
SEARCHES = RateGroup("recherche_entreprises", 120)
OPEN_DIRECTORY = Source(
    "recherche_entreprises", "Identité, dans l'annuaire ouvert", "Recherche d'entreprises", "/search",
    Identifier.SIRET, open=True, budget=SEARCHES, scope=None, fresh=HOUR, keep=0, shape={"siren": str}, answer=UNIT,
    names_people=True, personal=frozenset({"dirigeants", "elus", "finances", "latitude", "longitude", "coordonnees"}),
    as_of=(("meta", "date_mise_a_jour_insee"),), fix=INPI_ONE_STOP_SHOP,
)  # fmt: skip
# Keys of an establishment: where the Insee answered of it, nothing that stands under them is put beside its answer.
ESTABLISHMENT_KEYS = frozenset({
    "liste_enseignes", "nom_commercial", "adresse", "code_postal", "commune", "libelle_commune", "numero_voie", "dernier_numero_voie", "indice_repetition",
    "type_voie", "libelle_voie", "complement_adresse", "distribution_speciale", "cedex", "libelle_cedex",
    "code_pays_etranger", "libelle_pays_etranger", "libelle_commune_etranger",
})  # fmt: skip
