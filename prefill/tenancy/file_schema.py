"""The schema of the tenants file."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import marshmallow
from marshmallow import fields

from prefill.addresses import BadValue, read_origins, read_web_address
from prefill.config_files.schema import FRENCH, FileSchema, among, flag, listed, mapping, nested, text, whole
from prefill.domain.permissions import Scope
from prefill.settings import MAX_RETENTION_MONTHS, Settings, read_delegation, read_line, read_short, read_siret

TENANT_ID = re.compile(r"[a-z0-9](-?[a-z0-9]){0,39}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MAX_CALLS = 1000  # a minute
KEY_HASH = re.compile(r"sha256:[0-9a-f]{64}")


def _reads(read: Callable[[str], object]) -> Callable[[str], None]:
    """Check a text as the setting of the same kind is checked."""

    def rule(value: str) -> None:
        try:
            read(value)
        except BadValue as fault:
            raise marshmallow.ValidationError(str(fault)) from fault

    return rule


def _matches(pattern: re.Pattern[str], wanted: str) -> Callable[[str], None]:
    def rule(value: str) -> None:
        if not pattern.fullmatch(value):
            raise marshmallow.ValidationError(f"attend {wanted}")

    return rule


def _one_origin(value: str) -> None:
    if value == "*" or "," in value:
        raise marshmallow.ValidationError("attend une origine exacte, comme https://marches.exemple.fr")
    _reads(read_origins)(value)


def _printable(value: str) -> None:
    if not value.isprintable() or len(value) > 100:
        raise marshmallow.ValidationError("attend un texte d'une ligne, de 100 caractères au plus")


class _Day(fields.Field[date]):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> date:
        if not isinstance(value, date) or isinstance(value, datetime):
            raise marshmallow.ValidationError("attend une date sans guillemets ni heure, comme 2027-12-31")
        return value


def _scopes(**options: Any) -> fields.List[Any]:
    return listed(text(among(Scope)), f"droits parmi {', '.join(Scope)}", **options)


class _KeySchema(FileSchema):
    id = text(_matches(re.compile("[a-z0-9]{4,16}"), "4 à 16 chiffres ou minuscules sans accent"), required=True)
    name = text(_printable, required=True)
    hash = text(
        _matches(KEY_HASH, "« sha256: » et 64 chiffres hexadécimaux, comme « prefill tenant key new » les donne"),
        required=True,
    )
    expires = _Day(required=True, error_messages=FRENCH)
    revoked = flag()
    refused = {
        "key": "la clé elle-même ne s'écrit jamais ici : seulement son empreinte, avec « hash »",
        "secret": "la clé elle-même ne s'écrit jamais ici : seulement son empreinte, avec « hash »",
    }


class KeySchema(_KeySchema):
    scopes = _scopes(required=True)


class IntegratorSchema(_KeySchema):
    calls = whole(1, MAX_CALLS, required=True)


class OidcSchema(FileSchema):
    issuer = text(_reads(read_web_address), required=True)
    audience = text(required=True)
    jwks = text(required=True)
    claims = mapping(text())
    scopes_claim = text(load_default="scope")
    scopes = mapping(_scopes())


class SignInSchema(FileSchema):
    """The table `signin` of a buyer: its agents sign in on the page."""

    issuer = text(_reads(read_web_address), required=True)
    client_id = text(required=True)
    client_secret_env = text(_matches(VARIABLE, "le nom d'une variable d'environnement, comme LYON_SECRET"))
    client_secret_file = text()
    label = text(_printable, load_default="")
    scope = text(load_default="openid")
    acr_values = listed(text(), "niveaux d'authentification", load_default=list)
    siret_claim = text(load_default="siret")
    sirets = listed(text(_reads(read_siret)), "SIRET", load_default=list)
    agents = listed(text(_matches(re.compile(r"\S+@\S+"), "une adresse électronique")), "adresses", load_default=list)
    scopes = _scopes(required=True)
    refused = {
        "client_secret": (
            "un secret ne s'écrit jamais ici : dites où il est, avec client_secret_env (une variable) ou client_secret_file"
        ),
    }


MONTHS = f"attend un nombre de mois de 1 à {MAX_RETENTION_MONTHS}"


def _months(value: int) -> None:
    if not 1 <= value <= MAX_RETENTION_MONTHS:
        raise marshmallow.ValidationError(MONTHS)


class InformationSchema(FileSchema):
    """The table `notice` of a buyer: what its candidates are told."""

    controller = text(_reads(read_line))
    contact = text(_reads(read_line))
    dpo = text(_reads(read_line))
    privacy_url = text(_reads(read_web_address))
    retention_months = fields.Integer(strict=True, validate=_months, error_messages={**FRENCH, "invalid": MONTHS})
    consent = flag()


class TenantSchema(FileSchema):
    name = text(_printable, required=True)
    recipient = text(_reads(read_siret), required=True)
    token_env = text(_matches(VARIABLE, "le nom d'une variable d'environnement, comme LYON_TOKEN"))
    token_file = text()
    delegation = text(_reads(read_delegation), load_default=None)
    context = text(_reads(read_short), load_default=Settings().context)
    object = text(_reads(read_short), load_default=Settings().object)
    origins = listed(text(_one_origin), "textes", load_default=list)
    forms = listed(text(), "formulaires", load_default=None)
    keys = listed(nested(KeySchema), "clés ([[tenants.ID.keys]])", load_default=list)
    integrators = listed(nested(IntegratorSchema), "clés de serveurs ([[tenants.ID.integrators]])", load_default=list)
    oidc = nested(OidcSchema, load_default=None)
    signin = nested(SignInSchema, load_default=None)
    notice = nested(InformationSchema, load_default=None)
    refused = {
        "token": "un jeton ne s'écrit jamais ici : dites où il est, avec token_env (une variable) ou token_file",
    }


class TenantsFileSchema(FileSchema):
    tenants = mapping(
        nested(TenantSchema),
        _matches(TENANT_ID, "un identifiant de chiffres, minuscules sans accent et tirets (40 au plus)"),
    )
