"""Invented answers of the registers to an agent, in production's shapes: one by source, of the company of `agents`."""

from __future__ import annotations

from typing import Any

STORAGE = "https://storage.entreprise.api.gouv.fr/siade"
PROXY = "https://entreprise.api.gouv.fr/proxy/files"
DAY = 24 * 3600


def _answer(data: Any, **meta: object) -> dict[str, Any]:
    return {"data": data, "links": {}, "meta": meta}


def _rows(*data: dict[str, Any]) -> dict[str, Any]:
    return _answer([_answer(row) for row in data], count=len(data))


def _coded(code: str | None, label: str | None) -> dict[str, str | None]:
    return {"code": code, "libelle": label}


def _association() -> dict[str, Any]:
    return {
        "rna": "W382004417", "ancien_id": None, "siren": None, "nom": "LE FOUR BANAL &quot;DES RAVIERES&quot;",
        "active": False, "sigle": None, "reconnue_utilite_publique": False, "siret_siege": None,
        "forme_juridique": _coded("9220", "Association déclarée"), "regime": "Loi 1901", "groupement": "Simple",
        "eligibilite_cec": True, "raison_non_eligibilite_cec": None, "impots_commerciaux": False,
        "date_creation": "1994-06-21", "date_dissolution": None,
        "date_publication_reconnue_utilite_publique": None, "date_publication_journal_officiel": "1994-07-13",
        "adresse_siege": {
            "complement": None, "numero_voie": "4", "type_voie": None, "libelle_voie": "Chemin du Four",
            "distribution": None, "code_insee": "38185", "code_postal": "38000", "commune": "Grenoble",
        },
        "activites": {"objet": "Cuire le pain de la commune dans le four banal."},
        "alsace_moselle": dict.fromkeys(
            ("tribunal_instance", "volume", "folio", "date_publication_registre_association")
        ),
        "composition_reseau": [], "agrements": [], "etablissements": [], "reseaux_affiliation": [],
        "documents_rna": [],
    }  # fmt: skip


def _document(timestamp: str, kind: str, name: str) -> dict[str, Any]:
    return {"timestamp": timestamp, "type": kind, "url": f"{STORAGE}/{name}", "expires_in": DAY, "errors": []}


def _act() -> dict[str, Any]:
    return {
        "id": "5d9f", "nom_document": "acte_5d9f", "date_depot": "2024-11-05", "date_mise_a_jour": "2024-11-09",
        "types_actes": [{"type_acte": "Statuts mis à jour", "type_decision": "Transfert du siège social"}],
        "url": f"{PROXY}/acte_5d9f",
    }  # fmt: skip


def _staff(siren: str, value: float, year: int, nature: str) -> dict[str, Any]:
    counted = {
        "regime": "regime_general", "value": value, "nature": nature, "date_derniere_mise_a_jour": f"{year + 1}-03-31",
    }  # fmt: skip
    return _answer({"siren": siren, "annee": str(year), "effectifs_annuel": [counted]})


def _rge(code: str, name: str) -> dict[str, Any]:
    return {
        "url": f"https://www.qualibat.com/rge/{code}.pdf", "nom_certificat": "QUALIBAT-RGE", "domaine": name,
        "meta_domaine": "Travaux d'efficacité énergétique", "qualification": {"code": code, "nom": name},
        "organisme": "qualibat", "date_attribution": "2021-07-02", "date_expiration": "2025-07-01",
        "meta": {"internal_id": f"QB-{code}", "updated_at": "2025-01-04", "archived": False},
    }  # fmt: skip


def payloads(year: int, siren: str) -> dict[str, dict[str, Any]]:
    """Give an answer by source about a company; `year` is the current one, for the sources that count back from it."""
    joinery = {"code": "4112", "libelle": "Fourniture et pose de menuiseries en bois", "rge": False}
    insurer = {"nom": "MUTUELLE DES RAVIERES", "identifiant": "MR-20417"}
    lighting = {"nom": "Étude d'éclairage public", "code_qualification": "1419", "rge": False}
    return {
        "associations_instructeur": _answer(_association(), internal_id="38417"),
        "documents_associations": _rows(
            _document("1694642400", "Statuts", "statuts"), _document("1709506800", "Liste des dirigeants", "dirigeants")
        ),
        "actes_inpi": _answer({
            "actes": [_act()], "bilans": [{"id": "b1", "nom_document": "bilan_b1", "date_cloture": "2024-12-31"}],
        }),
        "conventions_collectives": _rows({
            "type": "convention_collective", "titre": "Convention collective nationale de la mécanique des Ravières",
            "titre_court": "Mécanique", "numero_idcc": 9417, "active": True, "etat": "vigueur_etendue",
            "synonymes": [], "url": "https://exemple.fr/idcc/9417", "date_publication": "2001-05-04",
        }),
        "attestations_fiscales_dgfip": _answer({
            "document_url": f"{STORAGE}/fiscale.pdf", "document_url_expires_in": DAY,
            "date_delivrance_attestation": "2026-02-10", "date_periode_analysee": "2026-01-31",
        }),
        "attestations_sociales_acoss": _answer({
            "entity_status": {
                "code": "ok", "libelle": "Attestation délivrée", "description": "Attestation délivrée par l'Urssaf.",
            },
            "document_url": f"{STORAGE}/vigilance.pdf", "document_url_expires_in": DAY,
            "date_debut_validite": "2024-05-31", "date_fin_validite": "2024-11-30", "code_securite": "QRZK7041TELMA85",
        }),
        "cotisations_msa": _answer({"status": "up_to_date"}),
        "cotisation_retraite_probtp": _answer({"eligible": True, "message": "Compte éligible."}),
        "certificats_cnetp": _answer({"document_url": f"{STORAGE}/cnetp", "expires_in": DAY}),
        "cartes_professionnelles_fntp": _answer({"document_url": f"{STORAGE}/fntp.pdf", "expires_in": DAY}),
        "certificats_qualibat": _answer({
            "document_url": f"{PROXY}/qualibat", "document_url_expires_in": DAY, "date_emission": "2021-06-01",
            "date_fin_validite": "2024-05-31",
            "entity": {
                "assurance_responsabilite_travaux": insurer, "assurance_responsabilite_civile": insurer,
                "certifications": [{**joinery, "date_attribution": "2021-06-01"}],
            },
        }),
        "certificats_opqibi": _answer({
            "numero_certificat": "98 03 0417", "url": "https://www.opqibi.com/fiche/417",
            "date_delivrance_certificat": "2021-03-12", "duree_validite_certificat": "quatre ans",
            "assurances": "MUTUELLE DES RAVIERES", "qualifications": [{**lighting, "definition": "Rues et places."}],
            "date_validite_qualifications": "2025-03-11",
            "qualifications_probatoires": [{
                "nom": "Audit d'éclairage", "code_qualification": "1977", "rge": True, "definition": "Bâtiments."
            }],
            "date_validite_qualifications_probatoires": "2023-03-11",
        }),
        "certificats_rge_ademe": _rows(_rge("4141", "Fenêtres"), _rge("7143", "Isolation des combles")),
        "extraits_rcs_infogreffe": _answer({
            "siren": siren, "date_radiation": "", "date_extrait": "4 MARS 2026", "date_immatriculation": "2005-07-20",
            "mandataires_sociaux": [], "observations": [], "nom_commercial": "",
            "etablissement_principal": {"activite": "", "origine_fonds": "", "mode_exploitation": "", "code_ape": ""},
            "capital": {"montant": 12000.0, "devise": "", "code_devise": ""},
            "greffe": {"valeur": "SAINT-ETIENNE", "code": "4202"}, "personne_physique": {}, "personne_morale": {},
        }),
        "effectifs_annuels": _staff(siren, 31.5, year - 1, "effectif_moyen_annuel"),
        "effectifs_annuels_precedents": _staff(siren, 28, year - 2, "effectif_moyen_annuel"),
        "effectifs_boeth": _staff(siren, 2, year - 1, "effectif_boeth_annuel"),
    }  # fmt: skip
