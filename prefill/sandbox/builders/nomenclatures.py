"""The rows of public nomenclatures that the sandbox needs."""

from __future__ import annotations

from collections.abc import Mapping

from prefill.sandbox.model import Json

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
