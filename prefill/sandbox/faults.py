"""The errors that the stand-in answers, by code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

from werkzeug import Response

from prefill.domain.catalogue import SOURCES
from prefill.domain.sources import Identifier, Source
from prefill.sandbox.model import DateDependent, Reply


@dataclass(frozen=True, slots=True)
class Fault:
    """A refusal, as the API words one."""

    status: int
    code: str
    title: str
    detail: str
    parameter: str | None = None
    meta: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        source = {"parameter": self.parameter} if self.parameter else None
        words = {"code": self.code, "title": self.title, "detail": self.detail}
        return {"errors": [{**words, "source": source, "meta": dict(self.meta)}]}


NO_TOKEN = Fault(401, "00101", "Accès interdit", "Le jeton manque ou n'est pas valable.", "token")
EXPIRED = Fault(401, "00103", "Jeton expiré", "Ce jeton a expiré : demandez-en un autre.", "token")
NO_RIGHT = Fault(403, "00100", "Droits insuffisants", "Ce jeton n'ouvre pas cet accès ; /privileges dit lesquels.")
IN_FLIGHT = Fault(409, "00015", "Conflit", "Le même appel est déjà en cours avec ce jeton.")
NO_PATH = Fault(404, "00404", "Chemin inconnu", "Le bac à sable n'a rien à cette adresse.")
LINK_EXPIRED = Fault(404, "00404", "Lien expiré", "Ce document n'est plus disponible à cette adresse.")
BAD_RECIPIENT = Fault(422, "00210", "Appel refusé", "Le paramètre recipient n'est pas un SIRET.", "recipient")

TRACING = {"context": "00201", "object": "00202", "recipient": "00203"}
MALFORMED = {
    Identifier.SIREN: "00301",
    Identifier.SIRET: "00302",
    Identifier.RNA_OR_SIRET: "00303",
    Identifier.RNA_OR_SIREN: "00333",
}

# The two digits that begin a provider's error codes, and the name it signs with, by second part of its paths.
PROVIDERS = {
    "insee": ("01", "INSEE"),
    "infogreffe": ("02", "Infogreffe"),
    "dgfip": ("03", "DGFIP - Adélie"),
    "urssaf": ("04", "ACOSS"),
    "qualibat": ("06", "Qualibat"),
    "cnetp": ("08", "CNETP"),
    "probtp": ("09", "ProBTP"),
    "msa": ("10", "MSA"),
    "opqibi": ("11", "OPQIBI"),
    "fntp": ("12", "FNTP"),
    "fabrique_numerique_ministeres_sociaux": ("14", "Fabrique numérique des Ministères Sociaux"),
    "ademe": ("19", "ADEME"),
    "ministere_interieur": ("21", "MI"),
    "european_commission": ("28", "Commission Européenne"),
    "djepva": ("29", "DJEPVA"),
    "gip_mds": ("31", "GIP-MDS"),
    "inpi": ("34", "INPI - RNE"),
}
PROVIDER_FAULTS = {
    "001": (504, "Service indisponible", "Le fournisseur est en panne ou en maintenance."),
    "002": (504, "Délai dépassé", "Le fournisseur n'a pas répondu à temps."),
    "003": (404, "Entité inconnue", "Le fournisseur n'a rien sur ce numéro, ou il est hors de son périmètre."),
    "451": (451, "Diffusion interdite", "La loi ne permet pas de diffuser ces données."),
    "501": (502, "Analyse en cours", "Un agent du fournisseur doit examiner la situation de ce compte."),
    "999": (502, "Réponse incomprise", "Le fournisseur a répondu quelque chose d'inattendu."),
}
UNKNOWN = Reply(fault="003")

# `/ping/<provider>/…`: the same for all that a provider serves, `ok` unless said here.
PINGS = {"opqibi": "maintenance", "fntp": "unknown", "cnetp": "bad_gateway"}
PING_STATUSES = {"bad_gateway": 502}

ROWS = tuple(source for source in SOURCES if source.usable and source.path)
SCOPES = frozenset({"open_data"} | {source.scope for source in ROWS if source.scope})
EXPIRED_DOCUMENT = "lien-expire"


def provider_fault(source: Source, reply: Reply) -> Fault:
    prefix, provider = PROVIDERS[source.path.split("/")[2]]
    status, title, detail = PROVIDER_FAULTS[reply.fault]
    meta: dict[str, object] = {"provider": provider}
    if reply.retry_in is not None:
        meta["retry_in"] = reply.retry_in
    return Fault(status, prefix + reply.fault, title, detail, meta=meta)


def failure(fault: Fault) -> Response:
    response = answer(fault.body(), status=fault.status)
    response.headers.update(fault.headers)
    return response


def answer(body: object, *, status: int = 200, today: date | None = None) -> Response:
    """Write JSON as the API does; what depends on the day is computed for `today`."""
    text = json.dumps(body, ensure_ascii=False, default=partial(written, today=today))
    return Response(text, status, content_type="application/vnd.api+json; charset=utf-8")


def written(value: object, today: date | None) -> object:
    if isinstance(value, DateDependent) and today is not None:
        return value.on(today)
    raise TypeError(f"{type(value).__name__} cannot be written in JSON")
