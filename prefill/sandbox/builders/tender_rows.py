"""Builders of the rows that the use case gained: RNE extract, Qualifelec, Qualiopi, shareholders and holdings."""

from __future__ import annotations

from prefill.sandbox.builders.proofs import relayed
from prefill.sandbox.model import DateDependent, Json, Reply, in_days, listed, ok, row

NOTHING: Json = {"code": None, "libelle": None}


def rne(
    of: Json,
    where: Json,
    *officers: Json,
    registered: str,
    capital: tuple[float | None, str] = (None, "EUR"),
    dissolved: DateDependent | str | None = None,
    observations: tuple[tuple[DateDependent | str, str], ...] = (),
) -> Reply:
    """Write an extract of the national register of companies; `capital` is an amount and its currency."""
    street = " ".join(part for part in (where["numero_voie"], where["type_voie"], where["libelle_voie"]) if part)
    home = {
        "voie": street, "code_postal": where["code_postal"], "commune": where["libelle_commune"], "pays": "FRANCE",
        "complement": None,
    }  # fmt: skip
    ape = {**of["activite_principale_naf_rev2"]}
    activity = {"code": str(ape["code"]).replace(".", ""), "libelle": ape["libelle"]}
    return ok({
        "document_url": relayed(f"rne-{of['siren']}"),
        "identite_entreprise": {
            "siren": of["siren"],
            "denomination": of["personne_morale_attributs"]["raison_sociale"],
            "nom": of["personne_physique_attributs"]["nom_naissance"],
            "prenoms": None,
            "forme_juridique": {"code": of["forme_juridique"]["code"], "libelle": of["forme_juridique"]["libelle"]},
            "nature_entreprise": "COMMERCIALE",
            "associe_unique": False,
            "date_immatriculation_rne": registered,
            "date_debut_activite": registered,
            "date_fin_personne": None,
            "date_cloture_exercice": "12-31",
            "date_premiere_cloture_exercice": None,
            "detail_cessation": None,
            "dissolution": {"date": dissolved, "poursuite_activite": False, "avec_liquidation": None},
            "capital_social": {"montant": capital[0], "devise": capital[1]},
            "activite_principales_objet_social": activity["libelle"],
            "code_APE": activity,
            "code_APRM": NOTHING,
            "adresse_siege_social": home,
        },
        "dirigeants_et_associes": list(officers),
        "etablissements": [{
            "siret": of["siret_siege_social"], "type_etablissement": "Siège et principal", "statut": "actif",
            "date_debut_activite": registered, "code_APE": activity, "code_APRM": NOTHING,
            "nature_etablissement": "COMMERCIALE", "activite_principale": activity["libelle"],
            "autre_activite": None, "adresse": home,
        }],
        "diffusion_insee": True,
        "diffusion_commerciale": True,
        "etablissements_fermes_total": 0,
        "observations": [
            {"fournisseur": "rcs", "numero": str(number), "date": day, "texte": text}
            for number, (day, text) in enumerate(observations, 1)
        ],
    })  # fmt: skip


def rne_officer(quality: str, name: str, first: str, born: str, town: str) -> Json:
    return {"qualite": quality, "nom": name, "prenom": first, "date_naissance": born, "commune_residence": town}


def qualifelec(number: int, *, until: DateDependent | str) -> Reply:
    """Deliver a certificate whose file lies on the issuer's host, with two insurances of which one is undated."""
    return listed(row({
        "document_url": f"https://qualifelec.invalid/certificats/{number}.pdf",
        "numero": number,
        "rge": True,
        "date_debut": "2024-02-01",
        "date_fin": until,
        "qualification": {
            "label": "Installations électriques logement, commerce, petit tertiaire",
            "date_debut": "2024-02-01",
            "date_fin": until,
            "indices": [{"code": "2", "label": "Indice 2"}],
            "mentions": [{"code": "IRVE", "label": "Infrastructures de recharge"}],
            "domaines": [],
            "classification": NOTHING_LABELLED,
        },
        "assurance_decennale": {"nom": "MUTUELLE DU COMPAS", "date_debut": "2024-01-01", "date_fin": in_days(120)},
        "assurance_civile": {"nom": "MUTUELLE DU COMPAS", "date_debut": None, "date_fin": None},
    }))  # fmt: skip


NOTHING_LABELLED: Json = {"code": None, "label": None}


def qualiopi(siret: str, *numbers: str) -> Reply:
    """Give declarations of a training body: the first certified for training actions, the others not."""
    return ok({
        "siret": siret,
        "code_uai": None,
        "unite_legale_avec_plusieurs_nda": len(numbers) > 1,
        "declarations_activites_etablissement": [
            {
                "numero_de_declaration": number,
                "actif": True,
                "date_derniere_declaration": "2026-04-30",
                "date_debut_exercice": "2025-01-01",
                "date_fin_exercice": "2025-12-31",
                "certification_qualiopi": {
                    "action_formation": place == 0,
                    "bilan_competences": False,
                    "validation_acquis_experience": False,
                    "apprentissage": False,
                    "obtention_via_unite_legale": place == 0,
                },
                "specialites": {
                    "specialite_1": {"code": "230", "libelle": "Spécialités pluritechnologiques, génie civil, construction"},
                    "specialite_2": NOTHING,
                    "specialite_3": NOTHING,
                },
            }
            for place, number in enumerate(numbers)
        ],
        "habilitations_france_competence": [],
    })  # fmt: skip


def shareholdings(parent: tuple[str, str, float] | None, *subsidiaries: tuple[str, str, float]) -> Reply:
    """Give a company's parent and subsidiaries, each by SIREN, name and percentage, as it declared them."""
    shareholders = [
        {
            "type": "personne_morale", "pourcentage": part, "nombre_parts": 950,
            "personne_physique_attributes": {
                "civilite": None, "nom_patronymique_et_prenoms": None, "nom_marital": None,
                "date_naissance": {"annee": None, "mois": None},
            },
            "personne_morale_attributes": {
                "siren": siren, "denomination": name, "complement_denomination": None, "forme_juridique": "SAS",
            },
            "adresse": _NOWHERE,
        }
        for siren, name, part in ([parent] if parent else [])
    ]  # fmt: skip
    return ok({
        "capital": {
            "actionnaires": shareholders,
            "repartition": {
                "personnes_physiques": {"total_actions": 0, "nombre": 0},
                "personnes_morales": {"total_actions": 950 * len(shareholders), "nombre": len(shareholders)},
            },
            "depose_neant": not shareholders,
        },
        "participations": {
            "filiales": [
                {
                    "siren": siren, "denomination": name, "complement_denomination": None, "forme_juridique": "SARL",
                    "pourcentage_detention": part, "adresse": _NOWHERE,
                }
                for siren, name, part in subsidiaries
            ],
            "nombre_filiales": len(subsidiaries),
            "depose_neant": not subsidiaries,
        },
    })  # fmt: skip


_NOWHERE: Json = {
    "numero": None, "voie": None, "lieu_dit_hameau": None, "code_postal": None, "ville": None, "pays": None,
}  # fmt: skip
