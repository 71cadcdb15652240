"""Parameters that several routes share."""

from __future__ import annotations

from typing import Any

from prefill.web.openapi.operations import Facts
from prefill.web.openapi.texts import Text, text


def parameter(
    name: str, place: str, description: Text, example: str = "", *, required: bool = False, **schema: Any
) -> dict[str, Any]:
    """Describe a parameter: a text unless `schema` gives another type."""
    return {
        "name": name,
        "in": place,
        "required": required or place == "path",
        "description": description,
        "schema": {"type": "string", **schema},
        **({"example": example} if example else {}),
    }


def form_names(facts: Facts) -> list[str]:
    return sorted(facts.forms)


def _on_demand(facts: Facts) -> Text:
    names = ", ".join(sorted({name for form in facts.forms.values() for name in form.on_demand()}))
    return text(
        f"Sources interrogées seulement à la demande, séparées par des virgules : {names}.",
        f"Sources asked only on demand, separated by commas: {names}.",
    )


NUMBER = parameter(
    "number",
    "path",
    text(
        "SIRET (14 chiffres), SIREN (9 chiffres : son siège) ou numéro RNA d'une association ; espaces et points sont permis.",
        "SIRET (14 digits), SIREN (9 digits: its head office) or the RNA number of an association; spaces and dots are allowed.",
    ),
    "00000100800010",
)
FORM = parameter(
    "schema", "query", text("Le formulaire à remplir.", "The form to fill."), "dume", enum=form_names, default="dume"
)
ON_DEMAND_SOURCES = {**parameter("with", "query", text("", "")), "description": _on_demand}
ACCEPT_LANGUAGE = parameter(
    "Accept-Language",
    "header",
    text("fr (par défaut) ou en : la langue des phrases.", "fr (default) or en: the language of sentences."),
    "fr",
)
REQUEST_ID = parameter(
    "X-Request-ID",
    "header",
    text(
        "Nomme la requête dans le journal et dans la réponse ; sans lui, un nom est donné.",
        "Names the request in the log and in the answer; one is made when it is absent.",
    ),
)
IF_NONE_MATCH = parameter(
    "If-None-Match", "header", text("L'ETag d'une réponse précédente.", "The ETag of an earlier answer.")
)
TENANT = (
    parameter(
        "tenant",
        "query",
        text(
            "L'acheteur, quand l'origine de la page ne le dit pas.", "The buyer, where the page's origin does not tell."
        ),
    ),
    parameter("X-Prefill-Tenant", "header", text("L'acheteur, comme « tenant ».", "The buyer, as `tenant`.")),
)
NOT_MODIFIED = {"304": {"description": text("La réponse n'a pas changé.", "The answer has not changed.")}}
