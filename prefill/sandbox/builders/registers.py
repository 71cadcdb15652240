"""Builders of the other registers' answers."""

from __future__ import annotations

from prefill.sandbox.model import URL, Json, Reply, in_days, ok, row, today_in_words

NO_PERSON: Json = {
    "adresse": dict.fromkeys((
        "nom_postal", "numero", "type", "voie", "ligne_1", "ligne_2", "localite", "code_postal",
        "bureau_distributeur", "pays",
    ), ""),
    "nationalite": {"valeur": "", "code": ""},
    "nom": "",
    "prenom": "",
    "naissance": {"pays": {"valeur": "", "code": ""}, "date": "", "lieu": ""},
}  # fmt: skip


def rcs(
    of: Json,
    registered: str,
    court: tuple[str, str],
    *officers: Json,
    capital: float | None = None,
    nom_commercial: str | None = None,
    struck_off: str | None = None,
    observations: tuple[str, ...] = (),
    person: Json | None = None,
    delay: float = 0.0,
) -> Reply:
    """Write a register extract; `court` is the registry's name and code.

    As in production, a text that is missing is empty, an amount that is missing is 0.0, a currency is never there, and the
    date of the extract is in words.
    """
    notes = [
        {"numero": str(number), "libelle": text, "date": registered} for number, text in enumerate(observations, 1)
    ]
    extract = {
        "siren": of["siren"],
        "date_radiation": struck_off,
        "date_extrait": today_in_words(),
        "date_immatriculation": registered,
        "mandataires_sociaux": list(officers),
        "observations": notes,
        "nom_commercial": nom_commercial or "",
        "etablissement_principal": {
            "activite": "",
            "origine_fonds": "CREATION",
            "mode_exploitation": "EXPLOITATION DIRECTE",
            "code_ape": of["activite_principale"]["code"].replace(".", ""),
        },
        "capital": {"montant": capital or 0.0, "devise": "", "code_devise": ""},
        "greffe": {"valeur": court[0], "code": court[1]},
        "personne_physique": person or NO_PERSON,
        "personne_morale": {
            "forme_juridique": {"valeur": "" if person else of["forme_juridique"]["libelle"].upper(), "code": ""},
            "denomination": of["personne_morale_attributs"]["raison_sociale"] or "",
            "date_cloture_exercice_comptable": "" if person else "12-31",
            "date_fin_de_vie": "" if person else f"{int(registered[:4]) + 99}{registered[4:]}",
        },
    }
    return Reply(ok(extract).body, delay=delay)


def officer(fonction: str, nom: str, prenom: str, born: str) -> Json:
    names = {"nom": nom, "prenom": prenom, "date_naissance": born}
    return {"type": "personne_physique", "fonction": fonction, **names}


def firm(fonction: str, name: str, siren: str) -> Json:
    return {
        "numero_identification": siren, "type": "personne_morale", "fonction": fonction, "raison_sociale": name,
    }  # fmt: skip


def vat(of: Json) -> Reply:
    """Give the VAT number that the key of the SIREN leads to, in the DGFIP's list of the day before."""
    siren = of["siren"]
    number = f"FR{(12 + 3 * int(siren)) % 97:02d}{siren}"
    return ok({"siren": siren, "numero_tva": number}, meta={"date_derniere_mise_a_jour": in_days(-1)})


def association(
    of: Json,
    where: Json,
    *,
    purpose: str,
    declared: str,
    published: str | None = None,
    local_law: tuple[str, str, str] | None = None,
    telephone: str | None = None,
    courriel: str | None = None,
) -> Json:
    """Write an association; `local_law` is the court, volume and folio of the Alsace-Moselle register."""
    naf, form = of["activite_principale"], of["forme_juridique"]
    home = _association_address(where)
    court, volume, folio = local_law or (None, None, None)
    return {
        "rna": of["rna"],
        "ancien_id": None,
        "siren": of["siren"],
        "nom": of["personne_morale_attributs"]["raison_sociale"],
        "active": True,
        "sigle": of["personne_morale_attributs"]["sigle"],
        "reconnue_utilite_publique": False,
        "siret_siege": of["siret_siege_social"],
        "forme_juridique": dict(form),
        "regime": "Alsace-Moselle" if local_law else "Loi 1901",
        "groupement": "Simple",
        "eligibilite_cec": True,
        "raison_non_eligibilite_cec": None,
        "impots_commerciaux": False,
        "date_creation": declared,
        "date_dissolution": None,
        "date_publication_reconnue_utilite_publique": None,
        "date_publication_journal_officiel": published,
        "adresse_siege": home,
        "adresse_gestion": home,
        "alsace_moselle": {
            "tribunal_instance": court,
            "volume": volume,
            "folio": folio,
            "date_publication_registre_association": declared if local_law else None,
        },
        "composition_reseau": [],
        "agrements": [],
        "activites": {
            "objet": purpose,
            "objet_social1": {"code": None, "libelle": None},
            "objet_social2": {"code": None, "libelle": None},
            "champ_action_territorial": "départemental",
            "activite_principale": {"code": naf["code"], "libelle": naf["libelle"], "annee": "2008"},
            "tranche_effectif": {**_association_staff(of), "annee": "2023"},
            "economie_sociale_et_solidaire": of["economie_sociale_et_solidaire"],
            "date_appartenance_ess": "2016-01-01" if of["economie_sociale_et_solidaire"] else None,
        },
        "etablissements": [{
            "siren": of["siren"],
            "siret": of["siret_siege_social"],
            "actif": True,
            "siege": True,
            "nom": None,
            "telephone": telephone,
            "courriel": courriel,
            "date_debut_activite": declared,
            "adresse": home,
            "activite_principale": {"code": naf["code"], "libelle": naf["libelle"]},
            "tranche_effectif": _association_staff(of),
            "rhs": [],
            "comptes": [],
        }],
    }  # fmt: skip


def _association_staff(of: Json) -> Json:
    return {"code": of["tranche_effectif_salarie"]["code"], "libelle": of["tranche_effectif_salarie"]["intitule"]}


def _association_address(where: Json) -> Json:
    """Write an Insee address as the association register does, in mixed case."""
    kind, street = where["type_voie"], where["libelle_voie"]
    return {
        "complement": where["complement_adresse"],
        "numero_voie": where["numero_voie"] or None,
        "type_voie": kind and kind.capitalize(),
        "libelle_voie": street.title(),
        "distribution": where["distribution_speciale"],
        "code_insee": where["code_commune"],
        "code_postal": where["code_postal"],
        "commune": where["libelle_commune"].title(),
    }


def associations(data: Json, *representatives: Json) -> dict[str, Reply]:
    """Answer the open row and its protected twin, which adds the representatives."""
    meta = {
        "internal_id": "9" + data["siren"],
        "date_derniere_mise_a_jour_sirene": in_days(-1),
        "date_derniere_mise_a_jour_rna": in_days(-20) if data["rna"] else None,
    }
    home = {**data["etablissements"][0], "representants_legaux": list(representatives), "documents_dac": []}
    protected = {**data, "etablissements": [home], "reseaux_affiliation": [], "documents_rna": []}
    return {"associations": ok(data, meta=meta), "associations_instructeur": ok(protected, meta=meta)}


def agreement(idcc: int, title: str, short: str, *synonyms: str) -> Json:
    text = {
        "type": "convention_collective",
        "titre": title,
        "titre_court": short,
        "numero_idcc": idcc,
        "active": True,
        "etat": "vigueur_etendue",
        "synonymes": list(synonyms),
        "url": f"{URL}/documents/convention-{idcc}.pdf",
        "date_publication": "2012-04-05",
    }
    return row(text, internal_id=f"SANDBOX{idcc:05d}")
