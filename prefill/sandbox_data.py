"""The companies of the sandbox: all invented, each showing one case of what the registers answer.

Names, people, streets, numbers and documents are made up, and every SIREN begins with 0000, which the
Insee never gave. Communes, nomenclatures and the shape of each answer are real. Values that depend on
the day are functions of it, written when the answer is sent.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from prefill.identifiers import siren_of
from prefill.sources import PARIS, SOURCES

URL = "https://sandbox.invalid"
ND = "[ND]"

Json = dict[str, Any]

# -- what a company is ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reply:
    """What one endpoint answers: a body, or the last three digits of its provider's error.

    `delay` is how many seconds the provider takes, `retry_in` how many it asks to wait.
    """

    body: Json = field(default_factory=dict)
    fault: str = ""
    retry_in: int | None = None
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Invented:
    """A company, what it shows, and its answers by source name; a source it lacks answers 404."""

    siret: str
    name: str
    shows: str
    shows_en: str
    answers: Mapping[str, Reply] = field(default_factory=dict)
    rna: str | None = None

    @property
    def siren(self) -> str:
        return siren_of(self.siret)


@dataclass(frozen=True, slots=True)
class Later:
    """A value that is known on the day the answer is sent."""

    on: Callable[[date], object]


def ok(data: Json, *, links: Json | None = None, meta: Json | None = None) -> Reply:
    return Reply({"data": data, "links": links or {}, "meta": meta or {}})


def row(data: Json, **meta: str) -> Json:
    return {"data": data, "links": {}, "meta": meta}


def listed(*rows: Json, meta: Json | None = None) -> Reply:
    return Reply({"data": list(rows), "links": {}, "meta": meta or {}})


# -- days -------------------------------------------------------------------------------------------


def midnight(day: str | date) -> int:
    """Write a day as the Insee does: the timestamp of midnight in Paris.

    >>> midnight("1955-01-01")
    -473389200
    """
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return int(datetime.combine(day, time.min, PARIS).timestamp())


def in_days(days: int) -> Later:
    return Later(lambda today: (today + timedelta(days)).isoformat())


def midnight_in_days(days: int) -> Later:
    return Later(lambda today: midnight(today + timedelta(days)))


def year_end(years_ago: int) -> Later:
    return Later(lambda today: f"{today.year - years_ago}-12-31")


def end_of_month(months: int, *, days: int = 0) -> Later:
    """Give the last day of the month, so many months after a day counted from today."""

    def on(today: date) -> str:
        start = today + timedelta(days)
        year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
        return date(year, month + 1, monthrange(year, month + 1)[1]).isoformat()

    return Later(on)


# -- nomenclatures, the few rows the sandbox needs --------------------------------------------------

UNKNOWN_LABEL = "non référencé"

LEGAL_FORMS = {
    "1000": "Entrepreneur individuel",
    "3220": "Société étrangère non immatriculée au RCS",
    "5202": "Société en nom collectif",
    "5499": "Société à responsabilité limitée (sans autre indication)",
    "5599": "SA à conseil d'administration (s.a.i.)",
    "5710": "SAS, société par actions simplifiée",
    "6597": "Société civile d'exploitation agricole",
    "6598": "Exploitation agricole à responsabilité limitée",
    "7353": "Syndicat intercommunal à vocation unique (SIVU)",
    "9220": "Association déclarée",
    "9260": "Association de droit local (Bas-Rhin, Haut-Rhin et Moselle)",
}
NAF_REV2 = {
    "01.13Z": "Culture de légumes, de melons, de racines et de tubercules",
    "01.21Z": "Culture de la vigne",
    "01.24Z": "Culture de fruits à pépins et à noyau",
    "18.12Z": "Autre imprimerie (labeur)",
    "25.62B": "Mécanique industrielle",
    "36.00Z": "Captage, traitement et distribution d'eau",
    "38.32Z": "Récupération de déchets triés",
    "42.11Z": "Construction de routes et autoroutes",
    "43.22A": "Travaux d'installation d'eau et de gaz en tous locaux",
    "43.32A": "Travaux de menuiserie bois et PVC",
    "46.69B": "Commerce de gros (commerce interentreprises) de fournitures et équipements industriels divers",
    "49.41A": "Transports routiers de fret interurbains",
    "62.01Z": "Programmation informatique",
    "71.12B": "Ingénierie, études techniques",
    "74.20Z": "Activités photographiques",
    "80.10Z": "Activités de sécurité privée",
    "81.21Z": "Nettoyage courant des bâtiments",
    "81.30Z": "Services d'aménagement paysager",
    "90.01Z": "Arts du spectacle vivant",
}
NAF_2025 = {"62.10Y": ("Programmation informatique", "62.01Z")}
STAFF: Mapping[str | None, tuple[str | None, int | None, int | None]] = {
    None: (None, None, None),
    "NN": ("Unités non employeuses", None, None),
    "00": ("0 salarié", 0, 0),
    "01": ("1 ou 2 salariés", 1, 2),
    "02": ("3 à 5 salariés", 3, 5),
    "03": ("6 à 9 salariés", 6, 9),
    "11": ("10 à 19 salariés", 10, 19),
    "12": ("20 à 49 salariés", 20, 49),
    "21": ("50 à 99 salariés", 50, 99),
    "53": ("10 000 salariés et plus", 10000, None),
}


def activities(code: str) -> Json:
    """Name an activity in today's nomenclature and in NAF rév. 2; an older code gets the register's sentinels."""
    if code in NAF_2025:
        label, older = NAF_2025[code]
        return _activities((code, label, "NAF2025"), (older, NAF_REV2[older], "NAFRev2"))
    if code in NAF_REV2:
        return _activities((code, NAF_REV2[code], "NAFRev2"), (code, NAF_REV2[code], "NAFRev2"))
    sentinel = "ancienne révision NAF (NAFRev1) non supportée"
    return _activities((code, sentinel, "NAFRev1"), (None, UNKNOWN_LABEL, "NAFRev2"))


def _activities(current: tuple[str | None, str, str], older: tuple[str | None, str, str]) -> Json:
    keys = ("code", "libelle", "nomenclature")
    named = {"activite_principale": current, "activite_principale_naf_rev2": older}
    return {name: dict(zip(keys, values, strict=True)) for name, values in named.items()}


def staff(code: str | None) -> Json:
    label, least, most = STAFF[code]
    year = "2023" if code not in (None, "NN") else None
    return {"code": code, "intitule": label, "date_reference": year, "de": least, "a": most}


# -- Insee ------------------------------------------------------------------------------------------

OPEN, PARTIAL = "diffusible", "partiellement_diffusible"
NOBODY: Mapping[str, str | None] = dict.fromkeys((
    "pseudonyme", "prenom_usuel", "prenom_1", "prenom_2", "prenom_3", "prenom_4", "nom_usage", "nom_naissance", "sexe",
))  # fmt: skip
NOWHERE: Mapping[str, str | None] = dict.fromkeys((
    "indice_repetition_voie", "complement_adresse", "distribution_speciale", "code_cedex", "libelle_cedex",
    "libelle_commune_etranger", "code_pays_etranger", "libelle_pays_etranger",
))  # fmt: skip


def address(
    numero_voie: str,
    type_voie: str | None,
    libelle_voie: str,
    code_postal: str | None = None,
    libelle_commune: str | None = None,
    code_commune: str | None = None,
    **more: str | None,
) -> Json:
    """Write an address as the Insee does; what is abroad has no postal code, commune or commune code."""
    places = {"code_postal": code_postal, "libelle_commune": libelle_commune, "code_commune": code_commune}
    street = {"numero_voie": numero_voie, "type_voie": type_voie, "libelle_voie": libelle_voie}
    return {**NOWHERE, **street, **places, "status_diffusion": OPEN, **more}


def unit(
    head_office: str,
    name: str | None,
    legal_form: str,
    activity: str,
    *,
    created: str,
    sigle: str | None = None,
    person: Mapping[str, str] | None = None,
    employees: str | None = "NN",
    category: str | None = None,
    ess: bool | None = None,
    rna: str | None = None,
    ceased: str | None = None,
    status: str = OPEN,
) -> Json:
    """Write a legal unit, known by the SIRET of its head office; `person` makes it a sole trader."""
    return {
        "siren": siren_of(head_office),
        "rna": rna,
        "siret_siege_social": head_office,
        "type": "personne_physique" if person else "personne_morale",
        "personne_morale_attributs": {"raison_sociale": name, "sigle": sigle},
        "personne_physique_attributs": {**NOBODY, **(person or {})},
        "categorie_entreprise": category,
        "status_diffusion": status,
        "diffusable_commercialement": status == OPEN,
        "forme_juridique": {"code": legal_form, "libelle": LEGAL_FORMS.get(legal_form, UNKNOWN_LABEL)},
        **activities(activity),
        "tranche_effectif_salarie": staff(employees),
        "etat_administratif": "C" if ceased else "A",
        "economie_sociale_et_solidaire": ess,
        "date_creation": midnight(created),
        "date_cessation": midnight(ceased) if ceased else None,
    }


def establishment(
    siret: str,
    of: Json,
    where: Json,
    *,
    created: str | None = None,
    enseigne: str | None = None,
    closed: str | Later | None = None,
    status: str | None = None,
) -> Json:
    """Write an establishment of a unit; its postal lines are computed, its diffusion is its unit's unless said."""
    status = status or of["status_diffusion"]
    where = {**where, "status_diffusion": status}
    return {
        "siret": siret,
        "siege_social": of["siret_siege_social"] == siret,
        "etat_administratif": "F" if closed else "A",
        "date_fermeture": midnight(closed) if isinstance(closed, str) else closed,
        "activite_principale": of["activite_principale"],
        "activite_principale_naf_rev2": of["activite_principale_naf_rev2"],
        "tranche_effectif_salarie": of["tranche_effectif_salarie"],
        "status_diffusion": status,
        "diffusable_commercialement": status == OPEN,
        "enseigne": enseigne,
        "date_creation": midnight(created) if created else of["date_creation"],
        "unite_legale": {key: value for key, value in of.items() if key != "date_cessation"},
        "adresse": {**where, "acheminement_postal": postal_lines(of, where)},
    }


def postal_lines(of: Json, where: Json) -> Json:
    """Arrange an address in the seven lines of the post; what is empty is an empty string."""
    person = of["personne_physique_attributs"]
    repetition = (where["indice_repetition_voie"] or "").upper()
    town = (where["code_cedex"], where["libelle_cedex"]) if where["code_cedex"] else _town(where)
    lines = (
        (of["personne_morale_attributs"]["raison_sociale"],),
        (person["nom_usage"] or person["nom_naissance"], person["prenom_usuel"]),
        (where["complement_adresse"],),
        (where["numero_voie"], repetition, where["type_voie"], where["libelle_voie"]),
        (where["distribution_speciale"],),
        town,
        (where["libelle_pays_etranger"] or "FRANCE",),
    )
    return {f"l{number}": " ".join(filter(None, parts)) for number, parts in enumerate(lines, 1)}


def _town(where: Json) -> tuple[str | None, ...]:
    return (where["code_postal"], where["libelle_commune"] or where["libelle_commune_etranger"])


HIDDEN_ADDRESS = frozenset((
    "numero_voie", "indice_repetition_voie", "type_voie", "libelle_voie", "complement_adresse", "code_postal",
    "distribution_speciale", "code_cedex", "libelle_cedex", "l1", "l2", "l3", "l4", "l5", "l6",
))  # fmt: skip
HIDDEN_UNIT = {"personne_physique": frozenset(NOBODY), "personne_morale": frozenset({"sigle"})}


def masked(data: Json) -> Json:
    """Write [ND] where the open endpoints do: each of establishment, unit and address says so for itself."""
    if "unite_legale" not in data:
        return masked_unit(data)
    where, status = data["adresse"], data["status_diffusion"]
    return {
        **data,
        "enseigne": ND if status == PARTIAL else data["enseigne"],
        "unite_legale": masked_unit(data["unite_legale"]),
        "adresse": hide(where, HIDDEN_ADDRESS) if where["status_diffusion"] == PARTIAL else where,
    }


def masked_unit(data: Json) -> Json:
    if data["status_diffusion"] != PARTIAL:
        return data
    return hide(data, HIDDEN_UNIT[data["type"]]) | {"diffusable_commercialement": True}


def hide(data: Json, keys: frozenset[str]) -> Json:
    inside = {key: hide(value, keys) for key, value in data.items() if isinstance(value, dict)}
    return {**data, **inside, **{key: ND for key in data if key in keys}}


def insee(here: Json, of: Json, *, head_office: Json | None = None, asked: str | None = None) -> dict[str, Reply]:
    """Answer the three Insee rows, and in clear their protected twins; `asked` is a duplicate's number."""
    answers: dict[str, Reply] = {}
    for suffix, seen in (("", masked), ("_instructeur", dict)):
        answers["etablissements" + suffix] = _found(seen(here), asked)
        answers["siege_social" + suffix] = _found(seen(head_office or here), asked)
        answers["entreprises" + suffix] = _found(seen(of), asked)
    return answers


def _found(data: Json, asked: str | None) -> Reply:
    updated = {"date_derniere_mise_a_jour": midnight_in_days(-1)}
    if "siret" in data:
        links = {"unite_legale": f"{URL}/v4/insee/sirene/unites_legales/{siren_of(data['siret'])}"}
        return ok(data, links=links, meta={**updated, "redirect_from_siret": asked})
    head = f"{URL}/v4/insee/sirene/etablissements/{data['siret_siege_social']}"
    links = {"siege_social": head, "siege_social_adresse": f"{head}/adresse"}
    return ok(data, links=links, meta={**updated, "redirect_from_siren": asked and siren_of(asked)})


def successors(*sirets: str, on: str, moved: bool = True) -> Reply:
    heirs = [
        {"siret": siret, "date_succession": on, "transfert_siege": moved, "continuite_economique": True}
        for siret in sirets
    ]
    return ok({"predecesseurs": [], "successeurs": heirs})


# -- the other registers ----------------------------------------------------------------------------

NO_PERSON: Json = {
    "adresse": dict.fromkeys((
        "nom_postal", "numero", "type", "voie", "ligne_1", "ligne_2", "localite", "code_postal",
        "bureau_distributeur", "pays",
    )),
    "nationalite": {"valeur": None, "code": None},
    "nom": None,
    "prenom": None,
    "naissance": {"pays": {"valeur": None, "code": None}, "date": None, "lieu": None},
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
    """Write a register extract; `court` is the registry's name and code, `capital` in euros."""
    notes = [
        {"numero": str(number), "libelle": text, "date": registered} for number, text in enumerate(observations, 1)
    ]
    euros = ("EUROS", "EUR") if capital is not None else (None, None)
    extract = {
        "siren": of["siren"],
        "date_radiation": struck_off,
        "date_extrait": in_days(0),
        "date_immatriculation": registered,
        "mandataires_sociaux": list(officers),
        "observations": notes,
        "nom_commercial": nom_commercial,
        "etablissement_principal": {
            "activite": None,
            "origine_fonds": "CREATION",
            "mode_exploitation": "EXPLOITATION DIRECTE",
            "code_ape": of["activite_principale"]["code"].replace(".", ""),
        },
        "capital": {"montant": capital, "devise": euros[0], "code_devise": euros[1]},
        "greffe": {"valeur": court[0], "code": court[1]},
        "personne_physique": person or NO_PERSON,
        "personne_morale": {
            "forme_juridique": {"valeur": None if person else of["forme_juridique"]["libelle"].upper(), "code": None},
            "denomination": of["personne_morale_attributs"]["raison_sociale"],
            "date_cloture_exercice_comptable": None if person else "12-31",
            "date_fin_de_vie": None if person else f"{int(registered[:4]) + 99}{registered[4:]}",
        },
    }
    return Reply(ok(extract).body, delay=delay)


def officer(fonction: str, nom: str, prenom: str, born: str) -> Json:
    names = {"nom": nom, "prenom": prenom, "date_naissance": born, "raison_sociale": None}
    return {"numero_identification": None, "type": "personne_physique", "fonction": fonction, **names}


def firm(fonction: str, name: str, siren: str) -> Json:
    nobody = {"nom": None, "prenom": None, "date_naissance": None}
    return {
        "numero_identification": siren, "type": "personne_morale", "fonction": fonction, **nobody,
        "raison_sociale": name,
    }  # fmt: skip


def vat(of: Json) -> Reply:
    """Give the VAT number that the key of the SIREN leads to."""
    siren = of["siren"]
    return ok({"tva_number": f"FR{(12 + 3 * int(siren)) % 97:02d}{siren}"})


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


# -- documents and proofs ---------------------------------------------------------------------------

DAY = 24 * 3600


def document(name: str) -> str:
    return f"{URL}/documents/{name}.pdf"


def link(name: str) -> Reply:
    return ok({"document_url": document(name), "expires_in": DAY})


def deeds(name: str) -> Reply:
    """List two deeds, and the accounts that the INPI sends along with them."""
    deposit = {"date_depot": "2024-06-18", "date_mise_a_jour": "2024-06-21"}
    deed = {"type_acte": "Procès-verbal", "type_decision": "Nomination de dirigeant"}
    statutes = {"type_acte": "Statuts mis à jour", "type_decision": None}
    paper = {"id": f"acte-{name}", "nom_document": f"ACTE_{name.upper()}", "url": document(f"acte-{name}")}
    accounts = {"id": f"bilan-{name}", "nom_document": f"BILAN_{name.upper()}", "url": document(f"bilan-{name}")}
    return ok({
        "actes": [{**paper, **deposit, "types_actes": [deed, statutes]}],
        "bilans": [{**accounts, **deposit, "date_cloture": year_end(2), "type": "bilan simplifié"}],
    })  # fmt: skip


def papers(*kinds: str) -> Reply:
    """List an association's papers, the last of them unreadable."""
    sound = [row(_paper(kind, document(f"association-{number}"), DAY, [])) for number, kind in enumerate(kinds[:-1], 1)]
    broken = row(_paper(kinds[-1], None, None, ["Le document déposé est illisible."]))
    meta = {"nombre_documents": len(kinds), "nombre_documents_deficients": 1}
    return listed(*sound, broken, meta=meta)


def _paper(kind: str, url: str | None, expires: int | None, errors: list[str]) -> Json:
    deposit = str(midnight("2023-09-14"))
    return {"timestamp": deposit, "type": kind, "url": url, "expires_in": expires, "errors": errors}


def turnover(*years: tuple[int, float | str]) -> Reply:
    """List closed years, each by how many years ago it ended and its euros, in the order given."""
    rows = ({"chiffre_affaires": euros, "date_fin_exercice": year_end(ago)} for ago, euros in years)
    return listed(*map(row, rows))


def average_staff(value: float | None, *, ago: int, nature: str = "effectif_moyen_annuel") -> Reply:
    """Count a year's average staff, `ago` years back; None when the register has no figure."""
    return ok({
        "siren": "",
        "annee": Later(lambda day: str(day.year - ago)),
        "effectifs_annuel": [
            {
                "regime": "regime_general",
                "value": value,
                "nature": nature,
                "date_derniere_mise_a_jour": year_end(ago),
            }
        ],
    })  # fmt: skip


def with_staff(siren: str, last: float, before: float, disabled: float) -> dict[str, Reply]:
    """Give a company its staff of two years and, of them, the disabled workers."""
    replies = {
        "effectifs_annuels": average_staff(last, ago=1),
        "effectifs_annuels_precedents": average_staff(before, ago=2),
        "effectifs_boeth": average_staff(disabled, ago=1, nature="effectif_boeth_annuel"),
    }
    return {name: ok({**reply.body["data"], "siren": siren}) for name, reply in replies.items()}


def tax_certificate(name: str) -> Reply:
    return ok({
        "document_url": document(f"attestation-fiscale-{name}"),
        "document_url_expires_in": DAY,
        "date_delivrance_attestation": in_days(0),
        "date_periode_analysee": end_of_month(-1),
    })  # fmt: skip


def vigilance(name: str) -> Reply:
    """Deliver the Urssaf's certificate, good until the end of the sixth month after it begins."""
    return _vigilance(
        ("ok", "Attestation délivrée", "L'entité est à jour de ses cotisations envers l'Urssaf."),
        (in_days(-40), end_of_month(6, days=-40), "SANDBOX0CODE001", document(f"vigilance-{name}"), DAY),
    )


def vigilance_refused() -> Reply:
    return _vigilance(
        ("refus_de_delivrance", "Attestation refusée", "L'entité n'est pas à jour de ses cotisations envers l'Urssaf."),
        (None, None, None, None, None),
    )


def _vigilance(status: tuple[str, str, str], paper: tuple[object, ...]) -> Reply:
    keys = ("date_debut_validite", "date_fin_validite", "code_securite", "document_url", "document_url_expires_in")
    entity = dict(zip(("code", "libelle", "description"), status, strict=True))
    return ok({"entity_status": entity, **dict(zip(keys, paper, strict=True))})


UNDER_ANALYSIS = Reply(fault="501", retry_in=2 * DAY)


def msa(status: str) -> Reply:
    return ok({"status": status})


def probtp(*, eligible: bool) -> Reply:
    return ok({"eligible": eligible})


def qualibat(name: str, *, until: Later | str) -> Reply:
    insurer = {"nom": "MUTUELLE DU COMPAS", "identifiant": "SBX-000417"}
    joinery = {"code": "4312", "libelle": "Menuiserie extérieure (technicité confirmée)", "rge": False}
    return ok({
        "document_url": document(f"qualibat-{name}"),
        "document_url_expires_in": DAY,
        "date_emission": "2022-02-01",
        "date_fin_validite": until,
        "entity": {
            "assurance_responsabilite_travaux": insurer,
            "assurance_responsabilite_civile": {"nom": None, "identifiant": None},
            "certifications": [{**joinery, "date_attribution": "2022-02-01"}],
        },
    })  # fmt: skip


def rge(name: str, *, until: Later | str, archived: bool = False) -> Json:
    return row({
        "url": document(f"rge-{name}"),
        "nom_certificat": "RGE Menuiseries",
        "domaine": "Fenêtres, volets, portes donnant sur l'extérieur",
        "meta_domaine": "Travaux d'efficacité énergétique",
        "qualification": {"code": "3512", "nom": "Fourniture et pose de menuiseries extérieures"},
        "organisme": "qualibat",
        "date_attribution": "2021-10-04",
        "date_expiration": until,
        "meta": {"internal_id": f"SBX-{name.upper()}", "updated_at": "2024-01-15", "archived": archived},
    })  # fmt: skip


def opqibi(*, until: Later | str) -> Reply:
    networks = {"nom": "Étude de réseaux d'eau courants", "code_qualification": "1302", "rge": False}
    audit = {"nom": "Audit énergétique des bâtiments", "code_qualification": "1905", "rge": True}
    return ok({
        "numero_certificat": "00 00 0002",
        "url": document("opqibi"),
        "date_delivrance_certificat": "2023-05-09",
        "duree_validite_certificat": "quatre ans",
        "assurances": "MUTUELLE DU COMPAS",
        "qualifications": [{**networks, "definition": "Dimensionnement de réseaux enterrés de taille courante."}],
        "date_validite_qualifications": until,
        "qualifications_probatoires": [{**audit, "definition": "Bilan des consommations et des améliorations."}],
        "date_validite_qualifications_probatoires": None,
    })  # fmt: skip


# -- the companies ----------------------------------------------------------------------------------

CARPENTERS = agreement(
    1597, "Convention collective nationale des ouvriers du bâtiment, plus de dix salariés", "Bâtiment (plus de 10)",
)  # fmt: skip
ENGINEERS = agreement(1486, "Convention collective nationale des bureaux d'études", "Bureaux d'études", "syntec")
WORKSHOPS = agreement(3016, "Convention collective nationale des chantiers d'insertion", "Chantiers d'insertion")

# Values that no candidate's page may ever show: withheld at the person's or the company's request, or
# personal data that a tender form has no use for. Each is found nowhere else, in capitals or not.
CANARIES = (
    "CANARISSE", "SERINVAL", "MADELINOTTE", "OISELETTE", "AU CANARI VOLAGE", "DU SERIN MUET", "VOLIERE B",
    "PERCHOIR-SUR-CERE", "1977-07-07", "CHARDONVERT", "DES FAUVETTES CACHEES", "DU BOUVREUIL DISCRET",
    "1974-05", "1981-11", "1969-02", "1985-09", "0199009901", "perruche@tilleul.invalid", "ROSSIGNOLLE",
)  # fmt: skip
# Withheld too, but too short to be searched for in a text: to be compared with whole values.
WITHHELD_POSTAL_CODES = ("15009", "33007", "87017")


def every(source_fault: Callable[[str], str]) -> dict[str, Reply]:
    """Fail every usable row, each as the function says of its producer."""
    return {source.name: Reply(fault=source_fault(source.producer)) for source in SOURCES if source.usable}


def _menuiserie() -> Invented:
    siret = "00000100800010"
    of = unit(
        siret, "MENUISERIE DU VAL DORE", "5710", "43.32A", created="1998-03-12", employees="12", category="PME",
        ess=False,
    )  # fmt: skip
    where = address("14", "RUE", "DES TROIS MIRABELLES", "35000", "RENNES", "35238", indice_repetition_voie="bis")
    here = establishment(siret, of, where, enseigne="LES FENETRES DU VAL")
    return Invented(
        siret, "MENUISERIE DU VAL DORE",
        "Une SAS ordinaire, à son siège : extrait RCS complet, capital, TVA, dirigeants.",
        "An ordinary company (SAS) at its head office: full register extract, capital, VAT, officers.",
        {
            **insee(here, of),
            "extraits_rcs_infogreffe": rcs(
                of, "1998-03-20", ("RENNES", "3501"),
                officer("PRESIDENTE", "KERGALVEN", "Anouk", "1974-05"),
                officer("DIRECTEUR GENERAL", "TOUFFREVAL", "Basile", "1981-11"),
                firm("DIRECTEUR GENERAL DELEGUE", "HOLDING DU VAL DORE", "000026005"),
                firm("COMMISSAIRE AUX COMPTES TITULAIRE", "CABINET BOULIER ET ASSOCIES", "000025007"),
                capital=80000.0, nom_commercial="VAL DORE MENUISIERS",
                observations=("TRANSFERT DU SIEGE DANS LE MEME RESSORT",),
            ),
            "numero_tva": vat(of),
            "conventions_collectives": listed(CARPENTERS),
            "actes_inpi": deeds("menuiserie"),
            "exercices": turnover((2, 2614500), (1, 2893120), (3, 2407890)),
            **with_staff("000001008", 17.4, 15.25, 1.5),
            "attestations_fiscales_dgfip": tax_certificate("menuiserie"),
            "attestations_sociales_acoss": vigilance("menuiserie"),
            "cotisation_retraite_probtp": probtp(eligible=True),
            "certificats_qualibat": qualibat("menuiserie", until=in_days(300)),
            "certificats_rge_ademe": listed(
                rge("menuiserie", until=in_days(200)), rge("menuiserie-ancien", until="2021-10-03", archived=True)
            ),
        },
    )  # fmt: skip


def _duplicate() -> Invented:
    siret, real = "00001800200014", _menuiserie()
    here = real.answers["etablissements_instructeur"].body["data"]
    of = real.answers["entreprises_instructeur"].body["data"]
    return Invented(
        siret, "MENUISERIE DU VAL DORE (doublon)",
        "Un doublon : l'Insee répond avec le SIRET du siège d'une autre fiche (00000100800010).",
        "A duplicate: the Insee answers with the head office of another entry (00000100800010).",
        insee(here, of, asked=siret),
    )  # fmt: skip


def _bureau_etudes() -> tuple[Invented, Invented]:
    head, branch = "00000200600013", "00000200600021"
    of = unit(
        head, "TRAVERSE INGENIERIE", "5599", "71.12B", created="2004-09-01", employees="21", category="ETI",
        sigle="TRVI",
    )  # fmt: skip
    at_head = establishment(head, of, address("8", "QUAI", "DES LANTERNIERS", "69003", "LYON 3EME", "69383"))
    where = address("31", "AVENUE", "DU GLACIER BLEU", "38000", "GRENOBLE", "38185", complement_adresse="BATIMENT C")
    at_branch = establishment(branch, of, where, created="2015-01-05", enseigne="TRAVERSE ALPES")
    shared = {
        "extraits_rcs_infogreffe": rcs(
            of, "2004-09-14", ("LYON", "6901"), officer("PRESIDENT DU CONSEIL", "VERNAZOBRE", "Cyprien", "1969-02"),
            capital=250000.0,
        ),
        "numero_tva": vat(of),
        "actes_inpi": deeds("ingenierie"),
        "certificats_opqibi": opqibi(until=in_days(500)),
        "attestations_fiscales_dgfip": tax_certificate("ingenierie"),
        "attestations_sociales_acoss": vigilance("ingenierie"),
    }  # fmt: skip
    local = {"conventions_collectives": listed(ENGINEERS)}
    return (
        Invented(
            branch, "TRAVERSE INGENIERIE (Grenoble)",
            "Un établissement secondaire : son siège est ailleurs (00000200600013, à Lyon).",
            "A secondary establishment: its head office is elsewhere (00000200600013, in Lyon).",
            {**insee(at_branch, of, head_office=at_head), **shared, **local},
        ),
        Invented(
            head, "TRAVERSE INGENIERIE",
            "Le siège d'une société qui a un autre établissement (00000200600021, à Grenoble).",
            "The head office of a company with another establishment (00000200600021, in Grenoble).",
            {
                **insee(at_head, of), **shared, **local,
                "exercices": turnover((1, 9120400), (3, 8004150), (2, 8650900)),
            },
        ),
    )  # fmt: skip


def _association() -> Invented:
    siret, rna = "00000300400017", "W000000031"
    of = unit(
        siret, "LES ATELIERS DU TILLEUL", "9220", "38.32Z", created="2006-05-02", sigle="LAT", employees="11", ess=True,
        rna=rna,
    )  # fmt: skip
    where = address("5", "PLACE", "DE LA RESSOURCE", "37000", "TOURS", "37261")
    data = association(
        of, where, declared="2006-04-11", published="2006-05-06",
        purpose="Former et employer, par la réparation et le réemploi, des personnes éloignées de l'emploi.",
        telephone="0199009901", courriel="perruche@tilleul.invalid",
    )  # fmt: skip
    chair = {
        "civilite": "Madame", "nom": "ROSSIGNOLLE", "prenom": "AGATHE", "fonction": "Présidente",
        "valideur_cec": False, "publication_internet": False, "telephone": None, "courriel": None,
    }  # fmt: skip
    return Invented(
        siret, "LES ATELIERS DU TILLEUL",
        "Une association loi 1901, avec son numéro RNA ; elle relève de l'économie sociale et solidaire.",
        "An association under the 1901 law, with its RNA number; part of the social economy.",
        {
            **insee(establishment(siret, of, where), of),
            **associations(data, chair),
            "documents_associations": papers("Statuts", "Liste des dirigeants", "Récépissé de création"),
            "conventions_collectives": listed(WORKSHOPS),
            "attestations_sociales_acoss": vigilance("tilleul"),
        },
        rna=rna,
    )  # fmt: skip


def _alsace() -> Invented:
    siret = "00000400200010"
    of = unit(siret, "LA CLE DES CHANTS DU RIED", "9260", "90.01Z", created="1987-10-19", ess=True)
    where = address("2", "RUE", "DE LA CIGOGNE ENDORMIE", "68000", "COLMAR", "68066")
    register = ("Tribunal d'instance de Colmar", "87", "212")
    data = association(of, where, declared="1987-09-30", purpose="Faire chanter.", local_law=register)
    return Invented(
        siret, "LA CLE DES CHANTS DU RIED",
        "Une association de droit local d'Alsace-Moselle : pas de RNA, mais un tribunal, un volume et un folio.",
        "An association under the local law of Alsace-Moselle: no RNA number, but a court, a volume and a folio.",
        {**insee(establishment(siret, of, where), of), **associations(data)},
    )  # fmt: skip


def _sole_trader() -> Invented:
    siret = "00000500900014"
    grower = {
        "prenom_usuel": "SOLENE", "prenom_1": "SOLENE", "prenom_2": "ODILE", "nom_usage": "LEMARQUERON",
        "nom_naissance": "TOURNEBRIDE", "sexe": "F",
    }  # fmt: skip
    of = unit(siret, None, "1000", "01.13Z", created="2016-02-01", person=grower, employees=None, category="PME")
    where = address("", "LIEU-DIT", "LA GRANGE AUX FEVES", "49000", "ANGERS", "49007")
    return Invented(
        siret, "LEMARQUERON SOLENE",
        "Une entrepreneuse individuelle (maraîchère) : un nom d'usage et un nom de naissance, pas de RCS.",
        "A sole trader (market gardener): a name in use and a birth name, not in the trade register.",
        {
            **insee(establishment(siret, of, where, enseigne="LES FEVES D'ANGERS"), of),
            "attestations_fiscales_dgfip": tax_certificate("maraichere"),
            "cotisations_msa": msa("up_to_date"),
        },
    )  # fmt: skip


def _hidden_person() -> Invented:
    siret = "00000600700017"
    photographer = {
        "pseudonyme": "OISELETTE", "prenom_usuel": "MADELINOTTE", "prenom_1": "MADELINOTTE",
        "nom_usage": "SERINVAL", "nom_naissance": "CANARISSE", "sexe": "F",
    }  # fmt: skip
    of = unit(siret, None, "1000", "74.20Z", created="2012-01-12", person=photographer, status=PARTIAL)
    where = address("3", "CHEMIN", "DU SERIN MUET", "15009", "AURILLAC", "15014", complement_adresse="VOLIERE B")
    home = {**NO_PERSON["adresse"], "nom_postal": "3 CHEMIN DU SERIN MUET", "code_postal": "15009"}
    birth = {"pays": {"valeur": "FRANCE", "code": "FR"}, "date": "1977-07-07", "lieu": "PERCHOIR-SUR-CERE"}
    trader = {**NO_PERSON, "adresse": home, "nom": "CANARISSE", "prenom": "Madelinotte", "naissance": birth}
    return Invented(
        siret, "Personne en diffusion partielle",
        "Une personne qui s'est opposée à la diffusion : son nom, sa rue et son code postal sont masqués.",
        "A person who opposed disclosure: their name, street and postal code are masked.",
        {
            **insee(establishment(siret, of, where, enseigne="AU CANARI VOLAGE"), of),
            "extraits_rcs_infogreffe": rcs(of, "2012-01-20", ("AURILLAC", "1501"), person=trader),
            "attestations_sociales_acoss": vigilance("photographe"),
        },
    )  # fmt: skip


def _hidden_company() -> Invented:
    siret = "00000700500010"
    of = unit(
        siret, "JARDINS SANS BRUIT", "5499", "81.30Z", created="2009-06-15", sigle="CHARDONVERT", employees="03",
        status=PARTIAL,
    )  # fmt: skip
    where = address("17", "RUE", "DES FAUVETTES CACHEES", "33007", "BORDEAUX", "33063")
    return Invented(
        siret, "JARDINS SANS BRUIT",
        "Une société en diffusion partielle : sa raison sociale se lit, son sigle et son adresse sont masqués.",
        "A partially disclosed company: its name can be read, its acronym and address are masked.",
        {
            **insee(establishment(siret, of, where, enseigne="CHARDONVERT PAYSAGE"), of),
            "extraits_rcs_infogreffe": rcs(
                of, "2009-06-22", ("BORDEAUX", "3302"), officer("GERANT", "PLANTEROSE", "Ulysse", "1985-09"),
                capital=15000.0,
            ),
            "numero_tva": vat(of),
        },
    )  # fmt: skip


def _hidden_address() -> Invented:
    siret = "00002400000010"
    of = unit(siret, "VIGIE DU LIMOUSIN", "5710", "80.10Z", created="2018-04-03", sigle="VDL", employees="02")
    where = address("6", "IMPASSE", "DU BOUVREUIL DISCRET", "87017", "LIMOGES", "87085")
    return Invented(
        siret, "VIGIE DU LIMOUSIN",
        "Une société diffusible dont seul l'établissement est en diffusion partielle : l'adresse est masquée.",
        "A disclosed company whose establishment alone is partially disclosed: the address is masked.",
        {
            **insee(establishment(siret, of, where, status=PARTIAL), of),
            "extraits_rcs_infogreffe": rcs(of, "2018-04-10", ("LIMOGES", "8701"), capital=5000.0),
            "numero_tva": vat(of),
        },
    )  # fmt: skip


def _printer() -> tuple[Invented, Invented]:
    old, new = "00000800300014", "00000800300022"
    of = unit(new, "IMPRIMERIE DES QUATRE VENTS", "5499", "18.12Z", created="1991-02-04", employees="03")
    left = address("40", "RUE", "DU CASSETIN", "25000", "BESANCON", "25056", indice_repetition_voie="ter")
    at_new = establishment(
        new, of, address("1", "ALLÉE", "DES TYPOGRAPHES", "25000", "BESANCON", "25056"), created="2024-01-01"
    )
    at_old = establishment(old, of, left, closed="2023-12-31")
    shared = {
        "extraits_rcs_infogreffe": rcs(of, "1991-02-18", ("BESANCON", "2501"), capital=30489.8),
        "numero_tva": vat(of),
    }
    return (
        Invented(
            old, "IMPRIMERIE DES QUATRE VENTS (fermé)",
            "Un établissement fermé le 31/12/2023, dont le successeur est connu (00000800300022).",
            "An establishment closed on 2023-12-31, whose successor is known (00000800300022).",
            {
                **insee(at_old, of, head_office=at_new), **shared,
                "successions": successors(new, on="2024-01-01"),
            },
        ),
        Invented(
            new, "IMPRIMERIE DES QUATRE VENTS",
            "Le successeur de l'établissement fermé 00000800300014 : le nouveau siège.",
            "The successor of the closed establishment 00000800300014: the new head office.",
            {**insee(at_new, of), **shared},
        ),
    )  # fmt: skip


def _orchard() -> Invented:
    siret = "00000900100017"
    of = unit(siret, "VERGERS DE LA COMBE ROUSSE", "6597", "01.24Z", created="2001-11-05", employees="02")
    where = address("", "LIEU-DIT", "LES POMMIERS BAS", "26000", "VALENCE", "26362")
    return Invented(
        siret, "VERGERS DE LA COMBE ROUSSE",
        "Un établissement dont la fermeture est annoncée : il est encore ouvert aujourd'hui.",
        "An establishment whose closing is announced: it is still open today.",
        {
            **insee(establishment(siret, of, where, closed=midnight_in_days(90)), of),
            "extraits_rcs_infogreffe": rcs(of, "2001-11-19", ("ROMANS", "2602")),
            "cotisations_msa": msa("outdated"),
        },
    )  # fmt: skip


def _cedex() -> Invented:
    siret = "00001000900017"
    of = unit(
        siret, "CLARTE PROPRETE OUEST", "5599", "81.21Z", created="1979-07-01", sigle="CPO", employees="53",
        category="GE", ess=False,
    )  # fmt: skip
    where = address(
        "200", "BOULEVARD", "DES GRANDES MAREES", "44000", "NANTES", "44109", complement_adresse="IMMEUBLE L'ESTRAN",
        distribution_speciale="CS 70012", code_cedex="44919", libelle_cedex="NANTES CEDEX 9",
    )  # fmt: skip
    return Invented(
        siret, "CLARTE PROPRETE OUEST",
        "Une adresse CEDEX avec distribution spéciale ; une grande entreprise de plus de 10 000 salariés.",
        "A CEDEX address with special delivery; a large company with more than 10,000 employees.",
        {
            **insee(establishment(siret, of, where, enseigne="CLARTE"), of),
            "extraits_rcs_infogreffe": rcs(of, "1979-07-10", ("NANTES", "4401"), capital=4200000.0),
            "numero_tva": vat(of),
            "attestations_sociales_acoss": vigilance("clarte"),
        },
    )  # fmt: skip


def _abroad() -> Invented:
    siret = "00001100700010"
    of = unit(siret, "OUTILLAGE MOSAN", "3220", "46.69B", created="2020-03-02", employees=None)
    where = address(
        "77", "RUE", "DU PERRON BRISE", libelle_commune_etranger="LIEGE", code_pays_etranger="99131",
        libelle_pays_etranger="BELGIQUE",
    )  # fmt: skip
    return Invented(
        siret, "OUTILLAGE MOSAN",
        "Une société étrangère, établie en Belgique : ni code postal ni commune, et pas de RCS.",
        "A foreign company, established in Belgium: no postal code, no commune, not in the trade register.",
        insee(establishment(siret, of, where), of),
    )  # fmt: skip


def _public_body() -> Invented:
    siret = "00001200500013"
    of = unit(siret, "SYNDICAT DES EAUX DES DEUX AULNES", "7353", "36.00Z", created="1962-01-01", employees="11")
    where = address("1", "PLACE", "DU CHATEAU D'EAU", "86000", "POITIERS", "86194")
    return Invented(
        siret, "SYNDICAT DES EAUX DES DEUX AULNES",
        "Un organisme public : ni registre du commerce, ni registre des associations.",
        "A public body: in neither the trade register nor the register of associations.",
        {**insee(establishment(siret, of, where), of), "numero_tva": vat(of)},
    )  # fmt: skip


def _rcs_down() -> Invented:
    siret = "00001300300017"
    of = unit(siret, "PLOMBERIE LATOUR-MEUNIER", "5499", "43.22A", created="2011-05-16", employees="03", category="PME")
    where = address("23", "RUE", "DE LA FONTAINE SECHE", "31000", "TOULOUSE", "31555")
    return Invented(
        siret, "PLOMBERIE LATOUR-MEUNIER",
        "Infogreffe est en panne (504) : le reste du formulaire se remplit quand même.",
        "The trade register is down (504): the rest of the form is filled all the same.",
        {
            **insee(establishment(siret, of, where), of),
            "extraits_rcs_infogreffe": Reply(fault="002", retry_in=30),
            "numero_tva": vat(of),
            "attestations_sociales_acoss": Reply(fault="002", retry_in=300),
            "certificats_cnetp": Reply(fault="002"),
        },
    )  # fmt: skip


def _all_down() -> Invented:
    return Invented(
        "00001400100010", "Tout est en panne",
        "Toutes les sources sont en panne, l'Insee comprise : le formulaire reste à remplir à la main.",
        "Every source is down, the Insee included: the form is left to fill in by hand.",
        every(lambda producer: "999" if producer == "Insee" else "001"),
    )  # fmt: skip


def _undisclosed() -> Invented:
    return Invented(
        "00001500800014", "Entreprise non diffusible",
        "Une entreprise dont la loi interdit de diffuser quoi que ce soit (451).",
        "A company of which the law forbids to disclose anything (451).",
        {name: reply for name, reply in every(lambda _: "451").items() if _is_insee(name)},
    )  # fmt: skip


def _is_insee(name: str) -> bool:
    return name.startswith(("etablissements", "siege_social", "entreprises"))


def _unknown() -> Invented:
    return Invented(
        "00001600600017", "Numéro inconnu",
        "Un numéro possible mais inconnu de tous les registres (404).",
        "A number that could exist but that no register knows (404).",
    )  # fmt: skip


def _rcs_slow() -> Invented:
    siret = "00001700400011"
    of = unit(siret, "ROULAGE PERCHERON", "5202", "49.41A", created="2008-12-01", employees="12", category="PME")
    where = address("9", "ROUTE", "DU RELAIS DE POSTE", "28000", "CHARTRES", "28085")
    return Invented(
        siret, "ROULAGE PERCHERON",
        "Infogreffe met une seconde et demie à répondre : le formulaire se remplit au fur et à mesure.",
        "The trade register takes a second and a half to answer: the form fills in as answers come.",
        {
            **insee(establishment(siret, of, where), of),
            "extraits_rcs_infogreffe": rcs(
                of, "2008-12-09", ("CHARTRES", "2801"), officer("GERANTE", "BELLECHARTIER", "Ondine", "1985-09"),
                capital=42000.0, nom_commercial="SUPPRESSION DU NOM COMMERCIAL", delay=1.5,
            ),
            "numero_tva": vat(of),
        },
    )  # fmt: skip


def _struck_off() -> Invented:
    siret = "00001900000017"
    of = unit(siret, "MECANIQUE DU FOREZ", "5499", "25.62B", created="1994-01-10", employees="NN", ceased="2025-02-28")
    where = address("52", "RUE", "DES TOURNEURS", "42000", "SAINT-ETIENNE", "42218")
    return Invented(
        siret, "MECANIQUE DU FOREZ",
        "Une société radiée du RCS, dont l'unité légale a cessé et l'établissement fermé.",
        "A company struck off the trade register, whose legal unit has ceased and whose establishment is closed.",
        {
            **insee(establishment(siret, of, where, closed="2025-02-28"), of),
            "extraits_rcs_infogreffe": rcs(
                of, "1994-01-24", ("SAINT ETIENNE", "4202"), capital=7622.45, struck_off="2025-03-14",
                observations=("CLOTURE POUR INSUFFISANCE D'ACTIF",),
            ),
        },
    )  # fmt: skip


def _naf_2025() -> Invented:
    siret = "00002000800017"
    of = unit(siret, "OCTAVIE LOGICIELS", "5710", "62.10Y", created="2025-09-15", employees=None)
    where = address("11", "COURS", "DES ALGORITHMES", "63000", "CLERMONT-FERRAND", "63113")
    return Invented(
        siret, "OCTAVIE LOGICIELS",
        "Une activité en NAF 2025, une enseigne supprimée, et une société que le RCS ne connaît pas encore.",
        "An activity in NAF 2025, a deleted trade name, and a company that the trade register does not know yet.",
        {
            **insee(establishment(siret, of, where, enseigne="SUPPRESSION DU NOM COMMERCIAL"), of),
            "numero_tva": vat(of),
            "exercices": turnover((1, "48500.50")),
        },
    )  # fmt: skip


def _sentinels() -> Invented:
    siret = "00002100600010"
    of = unit(siret, "COMPTOIR DES TROIS CLOCHERS", "5998", "74.1J", created="1900-01-01", employees=None)
    where = address("4", "SQUARE", "DU CADRAN SOLAIRE", "80000", "AMIENS", "80021")
    return Invented(
        siret, "COMPTOIR DES TROIS CLOCHERS",
        "Une vieille fiche : activité et forme juridique sans libellé, date de création inconnue (01/01/1900).",
        "An old entry: activity and legal form without a label, unknown creation date (1900-01-01).",
        {
            **insee(establishment(siret, of, where), of),
            "extraits_rcs_infogreffe": rcs(of, "1968-06-04", ("AMIENS", "8002"), capital=10000.0),
        },
    )  # fmt: skip


def _roadworks() -> Invented:
    siret = "00002200400014"
    of = unit(siret, "ROUTES ET TALUS DU MAINE", "5710", "42.11Z", created="2003-04-22", employees="21", category="PME")
    where = address("60", "ROUTE", "DU GRAVILLON", "72000", "LE MANS", "72181")
    return Invented(
        siret, "ROUTES ET TALUS DU MAINE",
        "Une entreprise de travaux publics qui n'est pas à jour : attestations refusées, certificats périmés.",
        "A public works company that is not up to date: refused attestations, expired certificates.",
        {
            **insee(establishment(siret, of, where), of),
            "extraits_rcs_infogreffe": rcs(of, "2003-05-02", ("LE MANS", "7202"), capital=152449.02),
            "numero_tva": vat(of),
            "exercices": turnover((1, 11830000), (2, 14210500)),
            "attestations_sociales_acoss": vigilance_refused(),
            "cotisation_retraite_probtp": probtp(eligible=False),
            "certificats_cnetp": link("cnetp-routes"),
            "cartes_professionnelles_fntp": link("fntp-routes"),
            "certificats_qualibat": qualibat("routes", until="2024-02-29"),
            "certificats_rge_ademe": listed(rge("routes", until="2023-06-30")),
        },
    )  # fmt: skip


def _vineyard() -> Invented:
    siret = "00002300200017"
    of = unit(siret, "DOMAINE DES HAUTES TREILLES", "6598", "01.21Z", created="1999-01-01", employees="01")
    where = address("", "LIEU-DIT", "CLOS DE LA GRIVE", "21200", "BEAUNE", "21054")
    return Invented(
        siret, "DOMAINE DES HAUTES TREILLES",
        "Une exploitation agricole dont la situation est en cours d'analyse à la MSA et à l'Urssaf.",
        "A farm whose situation is being examined by the MSA and the Urssaf.",
        {
            **insee(establishment(siret, of, where), of),
            "extraits_rcs_infogreffe": rcs(of, "1999-01-18", ("DIJON", "2104"), capital=91469.41),
            "attestations_sociales_acoss": UNDER_ANALYSIS,
            "attestations_fiscales_dgfip": ok({
                **tax_certificate("domaine").body["data"],
                "document_url": document("lien-expire"),
            }),
            "cotisations_msa": msa("under_investigation"),
        },
    )  # fmt: skip


COMPANIES: tuple[Invented, ...] = (
    _menuiserie(),
    *_bureau_etudes(),
    _association(),
    _alsace(),
    _sole_trader(),
    _hidden_person(),
    _hidden_company(),
    _hidden_address(),
    *_printer(),
    _orchard(),
    _cedex(),
    _abroad(),
    _public_body(),
    _rcs_down(),
    _all_down(),
    _undisclosed(),
    _unknown(),
    _rcs_slow(),
    _duplicate(),
    _struck_off(),
    _naf_2025(),
    _sentinels(),
    _roadworks(),
    _vineyard(),
)
