"""The answers of the directory: refusals, then the results with the blocks that were asked for, masked as there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prefill.sandbox.directory.index import hidden, one_line, search
from prefill.sandbox.directory.units import Unit
from prefill.sandbox.model import Json

MASK = "[NON-DIFFUSIBLE]"
MASKED_ADDRESS = frozenset({
    "adresse", "code_postal", "cedex", "libelle_cedex", "complement_adresse", "distribution_speciale", "numero_voie",
    "dernier_numero_voie", "indice_repetition", "type_voie", "libelle_voie", "coordonnees", "latitude", "longitude",
})  # fmt: skip
HEAD_OFFICE_ONLY = frozenset({
    "numero_voie", "dernier_numero_voie", "indice_repetition", "type_voie", "libelle_voie", "complement_adresse",
    "distribution_speciale", "cedex", "libelle_cedex", "code_pays_etranger", "libelle_pays_etranger",
    "libelle_commune_etranger", "coordonnees", "date_mise_a_jour_insee",
})  # fmt: skip
BLOCKS = ("siege", "matching_etablissements", "complements", "dirigeants", "finances", "tva", "score")
COUNTS = {"page": (1, 1000, 1), "per_page": (1, 25, 10), "limite_matching_etablissements": (1, 100, 10)}
KNOWN = frozenset({"q", "minimal", "include", "code_postal", "etat_administratif", *COUNTS})
MESSAGE_NAMES = {"limite_matching_etablissements": "matching_size"}


class Refusal(Exception):
    """A parameter that the directory refuses, with its sentence."""


@dataclass(frozen=True, slots=True)
class Question:
    """The parameters of a search, read; `blocks` are those of each result."""

    text: str
    counts: Mapping[str, int]
    blocks: tuple[str, ...]
    postal_codes: frozenset[str]
    state: str | None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Question:
        """Raise `Refusal` of the first mistake."""
        counts = {name: _count(query, name, *bounds) for name, bounds in COUNTS.items()}
        text, minimal = query.get("q", "").strip(), query.get("minimal", "false").lower()
        if minimal not in ("true", "false"):
            raise Refusal("minimal doit prendre la valeur 'true' ou 'false' !")
        include = [name for name in query.get("include", "").split(",") if name]
        if include and minimal == "false":
            raise Refusal("Veuillez indiquer si vous souhaitez une réponse minimale avant de préciser les champs.")
        if set(include) - set(BLOCKS):
            raise Refusal(f"Au moins un champ à inclure est non valide. Les champs valides : {list(BLOCKS)}.")
        if "q" not in query:
            raise Refusal("Veuillez indiquer au moins un paramètre de recherche.")
        if len(text) < 3 and "code_postal" not in query:
            raise Refusal("3 caractères minimum pour les termes de la requête (ou utilisez au moins un filtre)")
        codes = frozenset(query["code_postal"].split(",")) if "code_postal" in query else frozenset()
        if any(len(code) != 5 or not code.isdigit() for code in codes):
            raise Refusal("Au moins une valeur du paramètre code_postal est non valide.")
        blocks = tuple(include) if minimal == "true" else tuple(name for name in BLOCKS if name != "score")
        return cls(text, counts, blocks, codes, query.get("etat_administratif"))


def _count(query: Mapping[str, str], name: str, least: int, most: int, usual: int) -> int:
    text, shown = query.get(name, str(usual)), MESSAGE_NAMES.get(name, name)
    if not text.isdecimal() or not least <= int(text) <= most:
        raise Refusal(f"Veuillez indiquer un paramètre `{shown}` entre `{least}` et `{most}`, par défaut `{usual}`.")
    return int(text)


def answer(units: Sequence[Unit], query: Mapping[str, str]) -> Json:
    """Answer a search. Raise `Refusal`."""
    question = Question.read(query)
    found = search(units, question.text, question.postal_codes)
    found = [row for row in found if question.state in (None, row[0].legal["etat_administratif"])]
    page, per_page = question.counts["page"], question.counts["per_page"]
    shown = found[(page - 1) * per_page : page * per_page]
    return {
        "results": [_result(unit, places, question) for unit, places in shown],
        "total_results": len(found),
        "page": page,
        "per_page": per_page,
        "total_pages": -(-len(found) // per_page),
    }


def _result(unit: Unit, places: list[Json], question: Question) -> Json:
    head_office = unit.head_office
    listed = places[: question.counts["limite_matching_etablissements"]]
    parts: dict[str, Any] = {
        "siege": _place(unit, head_office, head=True) if head_office else {},
        "matching_etablissements": [_place(unit, place, head=False) for place in listed],
        "complements": {
            "identifiant_association": unit.rna, "est_ess": unit.social_economy, "est_association": bool(unit.rna),
            "collectivite_territoriale": None, "liste_idcc": None,
        },
        "dirigeants": [], "finances": None, "tva": [unit.vat] if unit.vat else None, "score": 1.0,
    }  # fmt: skip
    legal = {key: value for key, value in unit.legal.items() if key != "nom"}
    result = {
        **legal,
        "nom_complet": _displayed(unit),
        "nombre_etablissements": len(unit.places),
        "nombre_etablissements_ouverts": unit.open_places,
        "date_mise_a_jour": unit.legal["date_mise_a_jour_insee"],
        "date_mise_a_jour_rne": None,
        **{name: parts[name] for name in question.blocks},
    }
    if unit.legal["statut_diffusion"] != "O":
        names = ("sigle", "nom_complet", "nom_raison_sociale") if unit.person else ("sigle",)
        result |= dict.fromkeys(names, MASK)
    return result


def _displayed(unit: Unit) -> str:
    """The name for display: with the acronym in parentheses."""
    name, acronym = unit.legal["nom"], unit.legal["sigle"]
    return f"{name} ({acronym})" if acronym and unit.legal["statut_diffusion"] == "O" else name


def _place(unit: Unit, place: Json, *, head: bool) -> Json:
    shown = {**place, "adresse": one_line(place), "latitude": None, "longitude": None, "geo_id": None}
    shown |= {"coordonnees": None} if head else {"ancien_siege": False}
    if not head:
        shown = {key: value for key, value in shown.items() if key not in HEAD_OFFICE_ONLY}
    if hidden(unit, place):
        shown |= {key: MASK for key in shown if key in MASKED_ADDRESS}
        if unit.person:
            signs = shown["liste_enseignes"]
            shown |= {"nom_commercial": MASK, "liste_enseignes": [MASK] * len(signs) if signs else signs}
    return shown


def write(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
