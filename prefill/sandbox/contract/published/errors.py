"""The refusals of API Entreprise: statuses and codes as published, in the sandbox's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from prefill.sandbox.contract.published.endpoints import (
    ENDPOINTS,
    OPERATION_PREFIX,
    PLATFORM,
    PROVIDERS,
    VAT_PROVIDER,
    Endpoint,
)


@dataclass(frozen=True, slots=True)
class ApiError:
    """One refusal, or several of the same status in one answer."""

    status: int
    code: str
    title: str
    detail: str
    parameter: str | None = None
    meta: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    others: tuple[ApiError, ...] = ()

    def body(self) -> dict[str, Any]:
        return {"errors": [error.member() for error in (self, *self.others)]}

    def member(self) -> dict[str, Any]:
        source = {"parameter": self.parameter} if self.parameter else None
        words = {"code": self.code, "title": self.title, "detail": self.detail}
        return {**words, "source": source, "meta": dict(self.meta)}

    def with_headers(self, headers: Mapping[str, str]) -> ApiError:
        return replace(self, headers={**self.headers, **headers})


NO_TOKEN = ApiError(401, "00101", "Accès interdit", "Le jeton manque ou n'est pas valable.", "token")
EXPIRED = ApiError(401, "00103", "Jeton expiré", "Ce jeton a expiré : demandez-en un autre.", "token")
BLACKLISTED = ApiError(401, "00105", "Jeton révoqué", "Ce jeton a été mis sur liste noire.", "token")
PRODUCTION_TOKEN = ApiError(401, "00108", "Mauvais environnement", "Ce jeton est celui de la production.", "token")
STAGING_TOKEN = ApiError(401, "00109", "Mauvais environnement", "Ce jeton est celui du serveur de test.", "token")
OTHER_ADDRESS = ApiError(403, "00107", "Adresse refusée", "Ce jeton ne sert que depuis d'autres adresses IP.")
NO_SCOPE = ApiError(403, "00100", "Droits insuffisants", "Ce jeton n'ouvre pas cet accès ; /privileges dit lesquels.")
NO_DELEGATION = ApiError(403, "00213", "Sans délégation", "Ce destinataire n'a rien délégué à cet éditeur.")
SEVERAL_DELEGATIONS = ApiError(
    422, "00212", "Délégation à préciser", "Ce destinataire a plusieurs délégations : dites laquelle.", "delegation_id",
)  # fmt: skip
IN_FLIGHT = ApiError(409, "00015", "Conflit", "Le même appel est déjà en cours avec ce jeton.")
OVER_QUOTA = ApiError(429, "00429", "Trop d'appels", "Le quota de la minute est dépensé.")
NO_PATH = ApiError(404, "00404", "Chemin inconnu", "Le bac à sable n'a rien à cette adresse.")
LINK_EXPIRED = ApiError(404, "00404", "Lien expiré", "Ce document n'est plus disponible à cette adresse.")
READ_ONLY = ApiError(405, "00405", "Méthode refusée", "API Entreprise ne répond qu'à GET.")
BAD_RECIPIENT = ApiError(422, "00210", "Appel refusé", "Le paramètre recipient n'est pas un SIRET.", "recipient")
SELF_RECIPIENT = ApiError(
    422, "00211", "Appel refusé", "Le destinataire est l'entreprise dont il est question.", "recipient",
)  # fmt: skip
UNKNOWN_VAT = "003"

# A token whose text is one of these is refused so; see `tokens` for those that are read otherwise.
REFUSED_TOKENS: Mapping[str, ApiError] = {
    "expired": EXPIRED,
    "EXPIRED": EXPIRED,
    "blacklisted": BLACKLISTED,
    "other-environment": PRODUCTION_TOKEN,
    "other-address": OTHER_ADDRESS,
}

TRACING: Mapping[str, str] = {"context": "00201", "object": "00202", "recipient": "00203"}
MALFORMED: Mapping[str, str] = {
    "siren": "00301",
    "siret": "00302",
    "siret_or_rna": "00303",
    "siren_or_rna": "00333",
    "siren_or_siret_or_rna": "00333",
    "siret_or_eori": "00302",
    "year": "00310",
    "month": "00311",
}


def missing(names: tuple[str, ...]) -> ApiError:
    """Refuse a call that lacks tracing parameters: all are named at once."""
    first, *others = (
        ApiError(422, TRACING[name], "Appel refusé", f"Le paramètre {name} manque.", name) for name in names
    )
    return replace(first, others=tuple(others))


def malformed(parameter: str) -> ApiError:
    return ApiError(422, MALFORMED[parameter], "Appel refusé", f"Le paramètre {parameter} est mal formé.", parameter)


# The last three digits of a provider's code: status, title and sentence.
SUBCODES: Mapping[str, tuple[int, str, str]] = {
    "000": (502, "Erreur du fournisseur", "Le fournisseur a rencontré une erreur."),
    "001": (504, "Service indisponible", "Le fournisseur est en panne ou en maintenance."),
    "002": (504, "Délai dépassé", "Le fournisseur n'a pas répondu à temps."),
    "003": (404, "Entité inconnue", "Le fournisseur n'a rien sur ce numéro, ou il est hors de son périmètre."),
    "004": (502, "Fournisseur introuvable", "L'adresse du fournisseur ne se résout pas."),
    "005": (451, "Diffusion interdite", "Ces données ne sont jamais diffusées."),
    "006": (502, "Accès refusé", "Le fournisseur refuse l'accès à API Entreprise."),
    "008": (502, "Fournisseur saturé", "Le fournisseur reçoit trop de demandes."),
    "009": (502, "Chiffrement en échec", "La connexion chiffrée avec le fournisseur a échoué."),
    "011": (502, "Erreur passagère", "Le fournisseur a rencontré une erreur passagère."),
    "015": (502, "Réponse ambiguë", "Le fournisseur a plusieurs réponses possibles."),
    "020": (503, "Maintenance", "Le fournisseur est en maintenance."),
    "422": (404, "Certificat non délivré", "Les cotisations de l'entreprise ne sont pas réglées."),
    "451": (451, "Diffusion interdite", "La loi ne permet pas de diffuser ces données."),
    "501": (502, "Analyse en cours", "Un agent du fournisseur doit examiner la situation de ce compte."),
    "502": (502, "Traitement en cours", "Le fournisseur traite la demande : revenez plus tard."),
    "503": (502, "Délivrance refusée", "Le fournisseur refuse de délivrer l'attestation."),
    "999": (502, "Réponse incomprise", "Le fournisseur a répondu quelque chose d'inattendu."),
}


def provider_error(endpoint: Endpoint, subcode: str, *, retry_in: int | None = None) -> ApiError:
    """Write the error of an endpoint's provider; `retry_in` is in how many seconds it says to come back."""
    status, title, detail = SUBCODES[subcode]
    meta: dict[str, object] = {"provider": endpoint.provider.name}
    if retry_in is not None:
        meta["retry_in"] = retry_in
    return ApiError(status, endpoint.provider.code + subcode, title, detail, meta=meta)


_GENERIC = ("000", "001", "002", "003", "004", "005", "006", "008", "009", "011", "015", "020", "999")
_EVERY_ENDPOINT: Mapping[str, tuple[str, ...]] = {
    "404": ("003",),
    "502": ("000", "001", "004", "008", "009", "011", "999"),
    "503": ("020",),
    "504": ("002",),
}
# Beyond those, by what a path contains: status and whole code.
_SPECIFIC: tuple[tuple[str, str, str, Mapping[str, object]], ...] = (
    ("/urssaf/", "502", "04501", {"retry_in": 172800}),
    ("/urssaf/", "502", "04502", {}),
    ("/v3/urssaf/", "502", "04503", {}),
    ("/cibtp/", "404", "38422", {}),
    ("/infogreffe/", "502", "02501", {}),
    ("/infogreffe/", "502", "02502", {}),
    ("/gip_mds/", "502", "31501", {}),
    ("/gip_mds/", "502", "31503", {}),
)
_SPECIFIC_TITLES = {
    "02501": "Infogreffe a refusé la connexion un moment.",
    "02502": "L'extrait ne peut pas être établi.",
    "31501": "Le GIP-MDS a rencontré une erreur.",
    "31503": "Le quota du GIP-MDS est dépensé.",
}
_PLATFORM = (
    NO_TOKEN, EXPIRED, BLACKLISTED, PRODUCTION_TOKEN, STAGING_TOKEN, OTHER_ADDRESS, NO_SCOPE, NO_DELEGATION,
    SEVERAL_DELEGATIONS, IN_FLIGHT, OVER_QUOTA, NO_PATH, BAD_RECIPIENT,
    *(missing((name,)) for name in TRACING),
    malformed("siren"), malformed("siret"),
    ApiError(404, "00402", "Version inconnue", "Cette version n'existe pas."),
    ApiError(400, "00401", "Requête illisible", "La requête est mal formée."),
    ApiError(502, "00501", "Réseau en échec", "Le réseau n'a pas répondu."),
)  # fmt: skip


def error_list(operation: str | None = None) -> dict[str, Any] | None:
    """List the codes that a caller can meet, all or those of one operation; None when it does not exist."""
    endpoints = {OPERATION_PREFIX + endpoint.operation: _codes_of(endpoint) for endpoint in ENDPOINTS}
    if operation and operation not in endpoints:
        return None
    platform: dict[str, list[dict[str, Any]]] = {}
    for error in _PLATFORM:
        platform.setdefault(str(error.status), []).append(_entry(error.code, error.title, error.detail))
    return {
        "api": "entreprise",
        "providers": {provider.code: provider.name for provider in (PLATFORM, *PROVIDERS.values(), VAT_PROVIDER)},
        "generic_subcodes": {code: {"title": SUBCODES[code][1]} for code in _GENERIC},
        "platform_codes": platform,
        "endpoints": {operation: endpoints[operation]} if operation else endpoints,
    }


def _codes_of(endpoint: Endpoint) -> dict[str, Any]:
    provider = endpoint.provider
    errors = {
        status: [
            _entry(provider.code + subcode, *SUBCODES[subcode][1:], provider=provider.name) for subcode in subcodes
        ]
        for status, subcodes in _EVERY_ENDPOINT.items()
    }
    for hint, status, code, meta in _SPECIFIC:
        if hint in endpoint.path:
            _, title, detail = SUBCODES.get(code[2:], (0, "Erreur du fournisseur", ""))
            detail = _SPECIFIC_TITLES.get(code, detail)
            errors[status].append(_entry(code, title, detail, provider=provider.name, **meta))
    return {"provider": provider.name, "errors": errors}


def _entry(code: str, title: str, detail: str, **meta: object) -> dict[str, Any]:
    return {"code": code, "title": title, "detail": detail, **({"meta": meta} if meta else {})}
