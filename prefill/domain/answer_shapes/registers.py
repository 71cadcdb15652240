"""What the registers of companies and associations answer: RCS, RNE, RNA, VAT, deeds, collective agreements."""

from __future__ import annotations

from prefill.domain.answer_shapes.notation import answer

RCS = answer("""
    siren text SIREN
    date_extrait text? Date de l'extrait, en toutes lettres
    date_immatriculation date? Date d'immatriculation au RCS
    date_radiation date? Date de radiation du RCS
    nom_commercial text? Nom commercial, ou la mention de sa suppression
    mandataires_sociaux rows? Dirigeants et commissaires aux comptes
      type text personne_physique ou personne_morale
      fonction text? Fonction
      nom text? Nom, d'une personne physique
      prenom text? Prénom, d'une personne physique
      raison_sociale text? Dénomination, d'une personne morale
      numero_identification text? SIREN, d'une personne morale
    observations rows Mentions du greffe
      numero text? Numéro de la mention
      libelle text? Texte de la mention
      date date? Date de la mention
    etablissement_principal object Établissement principal
      activite text? Activité
      origine_fonds text? Origine du fonds
      mode_exploitation text? Mode d'exploitation
      code_ape text? Code APE
    capital object Capital à la création
      montant number? Montant
      devise text? Devise, en toutes lettres
      code_devise text? Devise, code ISO 4217
    greffe object Greffe d'immatriculation
      valeur text? Nom du greffe, en capitales
      code text? Code du greffe
    personne_morale object Ce qui est propre à une personne morale
      forme_juridique object Forme juridique selon le greffe
        valeur text? Libellé
        code text? Code du greffe, qui n'est pas celui de l'Insee
      denomination text? Dénomination
      date_cloture_exercice_comptable text? Clôture de l'exercice, mois et jour
      date_fin_de_vie date? Date de fin prévue
""")
VAT = answer("""
    siren text SIREN
    numero_tva text? Numéro de TVA intracommunautaire
""")
ASSOCIATION_ADDRESS = answer("""
    complement text? Complément d'adresse
    numero_voie text? Numéro dans la voie
    type_voie text? Type de voie
    libelle_voie text? Nom de la voie
    distribution text? Distribution
    code_insee text? Code Insee de la commune
    code_postal text? Code postal
    commune text? Commune
""")
ASSOCIATION_ACTIVITY = answer("""
    code text? Code d'activité
    libelle text? Libellé de l'activité
    annee text? Année de l'activité
""")
ASSOCIATION_BAND = answer("""
    code text? Code de la tranche d'effectif
    libelle text? Tranche en toutes lettres
    annee text? Année de la tranche
""")
CODED = answer("""
    code text? Code
    libelle text? Libellé
""")
ASSOCIATION = answer(
    """
    rna text? Numéro RNA ; aucun en Alsace-Moselle
    ancien_id text? Numéro d'avant 2009
    siren text? SIREN
    siret_siege text? SIRET du siège
    nom text Nom
    sigle text? Sigle
    active boolean Déclarée et non dissoute
    regime text? Loi 1901 ou Alsace-Moselle
    groupement text? Simple, union ou fédération
    forme_juridique coded Forme juridique
    reconnue_utilite_publique boolean Reconnue d'utilité publique
    impots_commerciaux boolean Soumise aux impôts commerciaux
    date_creation date? Date de création
    date_dissolution date? Date de dissolution
    date_publication_reconnue_utilite_publique date? Publication de l'utilité publique
    date_publication_journal_officiel date? Publication au Journal officiel
    adresse_siege address Adresse du siège
    alsace_moselle object Registre des associations d'Alsace-Moselle
      tribunal_instance text? Tribunal
      volume text? Volume
      folio text? Folio
      date_publication_registre_association date? Date de publication au registre
    agrements rows Agréments
      numero text? Numéro
      date_attribution date? Date d'attribution
      type text? Domaine
      niveau text? Niveau territorial
      attributeur text? Qui l'a donné
    activites object Activités
      objet text? Objet de l'association
      objet_social1 coded Objet dans la nomenclature nationale
      objet_social2 coded Second objet
      champ_action_territorial text? Étendue de l'action
      activite_principale activity Activité principale
      tranche_effectif band Tranche d'effectif
      economie_sociale_et_solidaire boolean? Économie sociale et solidaire
      date_appartenance_ess date? Depuis quand
    etablissements rows Établissements
      siren text SIREN
      siret text SIRET
      actif boolean Ouvert
      siege boolean Est le siège
      nom text? Nom
      date_debut_activite date? Début d'activité
      activite_principale coded Activité
      tranche_effectif coded Tranche d'effectif
    """,
    {"address": ASSOCIATION_ADDRESS, "activity": ASSOCIATION_ACTIVITY, "band": ASSOCIATION_BAND, "coded": CODED},
)
ASSOCIATION_DOCUMENTS = answer(
    """
    timestamp text? Date du dépôt, horodatage Unix écrit comme un texte
    type text? Nature du document
    url text? Adresse du document, valable un moment
    expires_in integer? Secondes avant la fin de l'adresse
    errors texts? Pourquoi le document manque
    """,
    rows=True,
)
DEEDS = answer("""
    actes rows Actes déposés
      id text Identifiant
      nom_document text Nom du fichier
      date_depot date? Date de dépôt
      date_mise_a_jour date? Date de mise à jour
      types_actes rows? Ce que le document contient
        type_acte text? Type d'acte
        type_decision text? Décision prise
      url text Adresse du document
""")
AGREEMENTS = answer(
    """
    type text convention_collective ou accord
    titre text? Titre
    titre_court text? Titre d'usage
    numero_idcc number? Numéro IDCC
    active boolean? Encore en vigueur
    etat text? État : en vigueur, étendue, remplacée…
    synonymes texts? Noms d'usage
    url text? Adresse du texte
    date_publication date? Dernière publication
    """,
    rows=True,
)
RNE_ADDRESS = answer("""
    voie text? Numéro et voie
    code_postal text? Code postal
    commune text? Commune
    pays text? Pays
    complement text? Complément d'adresse
""")
RNE = answer(
    """
    document_url text? Attestation d'immatriculation, en PDF
    identite_entreprise object Identité
      denomination text? Dénomination
      nom text? Nom de l'entrepreneur
      prenoms texts? Prénoms de l'entrepreneur
      siren text SIREN
      date_immatriculation_rne date? Date d'immatriculation au RNE
      date_debut_activite date? Début d'activité
      detail_cessation text? Toujours null
      dissolution object Dissolution
        date date? Date de dissolution
        poursuite_activite boolean? L'activité continue
        avec_liquidation boolean? Toujours null
      date_fin_personne date? Date de fin prévue
      date_cloture_exercice text? Clôture de l'exercice, jour et mois
      date_premiere_cloture_exercice date? Première clôture
      nature_entreprise text? Commerciale, artisanale, agricole…
      forme_juridique coded Forme juridique
      associe_unique boolean? Associé unique
      activite_principales_objet_social text? Objet social
      code_APE coded Code APE
      code_APRM coded Code d'activité artisanale
      capital_social object Capital social
        montant number? Montant
        devise text? Devise, code ISO 4217
      adresse_siege_social address Adresse du siège
    dirigeants_et_associes rows Personnes physiques
      qualite text? Qualité
      nom text? Nom
      prenom text? Prénom
    etablissements rows Établissements ouverts
      type_etablissement text? Siège, principal ou secondaire
      date_debut_activite date? Début d'activité
      siret text SIRET
      code_APE coded Code APE
      code_APRM coded Code d'activité artisanale
      nature_etablissement text? Nature
      activite_principale text? Activité, en toutes lettres
      autre_activite text? Autres activités
      adresse address Adresse
      statut text? Statut
    diffusion_commerciale boolean? Diffusion commerciale permise
    diffusion_insee boolean? Diffusible selon l'Insee
    etablissements_fermes_total integer? Nombre d'établissements fermés
    observations rows Mentions
      fournisseur text? rcs ou rnm
      numero text? Numéro de la mention
      date date? Date de la mention
      texte text? Texte de la mention
    """,
    {"coded": CODED, "address": RNE_ADDRESS},
)
