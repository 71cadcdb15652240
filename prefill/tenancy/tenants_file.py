"""The tenants file: from TOML to a checked directory, every mistake at once with its line and its path.

Tokens are never written in it, only where they are; and what is there is in no message.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Any

import marshmallow
from marshmallow import fields

from prefill.config_files.schema import (
    FRENCH,
    Diagnostic,
    FileSchema,
    Steps,
    among,
    flag,
    flat,
    hint,
    listed,
    mapping,
    nested,
    short_name,
    text,
)
from prefill.domain.permissions import Scope
from prefill.settings import (
    BadValue,
    Settings,
    read_origins,
    read_short,
    read_siret,
    read_token,
    read_web_address,
)
from prefill.tenancy.model import AgentKey, Directory, Oidc, Tenant, directory
from prefill.tenancy.registry import BadTenants

LARGEST_FILE = 1_000_000  # bytes
TENANT_ID = re.compile(r"[a-z0-9](-?[a-z0-9]){0,39}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
KEY_HASH = re.compile(r"sha256:[0-9a-f]{64}")
KEY_FIELDS = {"id", "name", "hash", "expires", "scopes", "revoked"}

# -- the file's grammar -----------------------------------------------------------------------------


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


class KeySchema(FileSchema):
    id = text(_matches(re.compile("[a-z0-9]{4,16}"), "4 à 16 chiffres ou minuscules sans accent"), required=True)
    name = text(_printable, required=True)
    hash = text(
        _matches(KEY_HASH, "« sha256: » et 64 chiffres hexadécimaux, comme « prefill tenant key new » les donne"),
        required=True,
    )
    expires = _Day(required=True, error_messages=FRENCH)
    scopes = _scopes(required=True)
    revoked = flag()
    refused = {
        "key": "la clé elle-même ne s'écrit jamais ici : seulement son empreinte, avec « hash »",
        "secret": "la clé elle-même ne s'écrit jamais ici : seulement son empreinte, avec « hash »",
    }


class OidcSchema(FileSchema):
    issuer = text(_reads(read_web_address), required=True)
    audience = text(required=True)
    jwks = text(required=True)
    claims = mapping(text())
    scopes_claim = text(load_default="scope")
    scopes = mapping(_scopes())


class TenantSchema(FileSchema):
    name = text(_printable, required=True)
    recipient = text(_reads(read_siret), required=True)
    token_env = text(_matches(VARIABLE, "le nom d'une variable d'environnement, comme LYON_TOKEN"))
    token_file = text()
    context = text(_reads(read_short), load_default=Settings().context)
    object = text(_reads(read_short), load_default=Settings().object)
    origins = listed(text(_one_origin), "textes", load_default=list)
    forms = listed(text(), "formulaires", load_default=None)
    keys = listed(nested(KeySchema), "clés ([[tenants.ID.keys]])", load_default=list)
    oidc = nested(OidcSchema, load_default=None)
    refused = {
        "token": "un jeton ne s'écrit jamais ici : dites où il est, avec token_env (une variable) ou token_file",
    }


class TenantsFileSchema(FileSchema):
    tenants = mapping(
        nested(TenantSchema),
        _matches(TENANT_ID, "un identifiant de chiffres, minuscules sans accent et tirets (40 au plus)"),
    )


# -- reading the file -------------------------------------------------------------------------------


@dataclass(slots=True)
class _File:
    """The file being read, and what is wrong in it."""

    path: Path
    environ: Mapping[str, str]
    lines: Mapping[Steps, int] = field(default_factory=dict)
    mistakes: list[Diagnostic] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    def blame(self, steps: Steps, message: str, *, blocking: bool = True, line: int | None = None) -> None:
        where = line or self._line(steps)
        self.mistakes.append(Diagnostic(short_name(self.path), where, " → ".join(steps), message, blocking))

    def blames(self, steps: Steps) -> bool:
        path = " → ".join(steps)
        return any(mistake.path.startswith(path) for mistake in self.mistakes)

    def beside(self, name: str) -> Path:
        """Find a file that the tenants file names from where it stands."""
        return self.path.parent / Path(name).expanduser()

    def _line(self, steps: Steps) -> int:
        while steps and steps not in self.lines:
            steps = steps[:-1]
        return self.lines.get(steps, 0)

    @property
    def broken(self) -> bool:
        return any(mistake.blocking for mistake in self.mistakes)


def read_tenants(path: Path, environ: Mapping[str, str], forms: Iterable[str], today: date) -> Directory:
    """Read the tenants file; `forms` are the candidates' forms there are. Raise `BadTenants`."""
    file = _File(path, environ)
    tree = _load(file)
    read = {name: _tenant(file, name, one) for name, one in tree.items() if isinstance(one, Mapping)}
    tenants = [tenant for tenant in read.values() if tenant]
    _check_forms(file, tenants, list(forms))
    _check_keys(file, tenants, today)
    _check_providers(file, tenants)
    if file.broken:
        raise BadTenants(sorted(file.mistakes, key=lambda one: (not one.blocking, one.line)))
    return directory(tenants, file.mistakes, file.files)


def _load(file: _File) -> Mapping[str, Any]:
    """Give what of the file follows the grammar; the rest is a mistake."""
    written = _text_of(file)
    if written is None:
        return {}
    try:
        tree = tomllib.loads(written)
    except tomllib.TOMLDecodeError as fault:
        file.blame((), *_explained(fault))
        return {}
    file.lines = _lines(written)
    try:
        loaded = TenantsFileSchema().load(tree)
    except marshmallow.ValidationError as fault:
        for steps, message in flat(fault.messages):
            file.blame(steps, message)
        loaded = fault.valid_data if isinstance(fault.valid_data, dict) else {}
    tenants: Mapping[str, Any] = loaded.get("tenants") or {}
    if not tenants and not file.mistakes:
        file.blame((), "il n'y a aucun acheteur : chacun est une table [tenants.identifiant]")
    return tenants


def _text_of(file: _File) -> str | None:
    try:
        written = _bytes_of(file.path)
        return written.decode("utf-8-sig")
    except OSError as fault:
        file.blame((), f"le fichier ne peut pas être lu : {fault.strerror}")
    except UnicodeDecodeError:
        file.blame((), "le fichier n'est pas en UTF-8 : enregistrez-le dans cet encodage")
    return None


def _bytes_of(path: Path) -> bytes:
    with path.open("rb") as stream:
        written = stream.read(LARGEST_FILE + 1)
    if len(written) > LARGEST_FILE:
        raise OSError(0, f"il dépasse {LARGEST_FILE} octets")
    return written


# What a part of tomllib's own message most often comes from.
TOML_FAULTS = (
    ("Cannot declare", "cette table est déjà écrite plus haut"),
    ("Cannot overwrite", "cette clé est déjà donnée plus haut"),
    ("Expected '='", "il manque « = » après une clé (une clé n'a ni espace ni accent)"),
    ("Invalid value", "cette valeur n'est pas lisible : un texte va entre guillemets, une date s'écrit 2027-12-31"),
    ("Unclosed array", "un crochet ouvert n'est pas fermé"),
    ("Unterminated string", "un guillemet ouvert n'est pas fermé"),
    ("Illegal character '\\n'", "un guillemet ouvert n'est pas fermé"),
    ("Expected newline", "il y a quelque chose de trop au bout de la ligne"),
    ("Expected ']", "un crochet n'est pas fermé"),
    ("Invalid statement", "une ligne est « clé = valeur » ou [table]"),
)


def _explained(fault: tomllib.TOMLDecodeError) -> tuple[str]:
    """Say in French what tomllib saw; its own words hold the line, and nothing of the file."""
    said = str(fault)
    place = re.search(r"line (\d+)", said)
    where = f"ligne {place[1]}, " if place else ""
    advice = next((advice for part, advice in TOML_FAULTS if part in said), "la syntaxe est fausse")
    return (f"ce n'est pas du TOML : {where}{advice}",)


HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]")
ASSIGNMENT = re.compile(r"\s*([^=#\[\]{}]+?)\s*=")


def _lines(written: str) -> dict[Steps, int]:
    """Find the line of each key, as far as a simple look tells: tomllib does not say."""
    lines: dict[Steps, int] = {}
    counts: dict[Steps, int] = {}
    here: Steps = ()
    for number, line in enumerate(written.splitlines(), 1):
        header, assignment = HEADER.match(line), ASSIGNMENT.match(line)
        if header:
            here = _keys(header[2])
            if header[1] == "[[":
                counts[here] = counts.get(here, -1) + 1
                here = (*here, str(counts[here]))
            for length in range(1, len(here) + 1):
                lines.setdefault(here[:length], number)
        elif assignment:
            lines.setdefault((*here, *_keys(assignment[1])), number)
    return lines


def _keys(dotted: str) -> Steps:
    """Split a dotted key as TOML does."""
    try:
        node: Any = tomllib.loads(f"{dotted} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    steps: list[str] = []
    while isinstance(node, dict):
        [(key, node)] = node.items()
        steps.append(key)
    return tuple(steps)


# -- from the file to tenants -----------------------------------------------------------------------


def _tenant(file: _File, name: str, tree: Mapping[str, Any]) -> Tenant | None:
    """Make a tenant of what is right; with a mistake anywhere the whole file is refused after all."""
    here = ("tenants", name)
    token = _token(file, here, tree)
    oidc = _oidc(file, here, tree.get("oidc"))
    forms = tree.get("forms")
    return Tenant(
        id=name,
        name=tree.get("name", ""),
        recipient=read_siret(tree["recipient"]) if "recipient" in tree else "",
        token=token or "",
        context=tree.get("context", ""),
        object=tree.get("object", ""),
        origins=tuple(tree.get("origins", ())),
        forms=None if forms is None else tuple(forms),
        keys=tuple(_agent_key(one) for one in tree.get("keys", ()) if one.keys() >= KEY_FIELDS),
        oidc=oidc,
    )


def _agent_key(tree: Mapping[str, Any]) -> AgentKey:
    scopes = frozenset(map(Scope, tree["scopes"]))
    return AgentKey(tree["id"], tree["name"], tree["hash"], tree["expires"], scopes, tree["revoked"])


def _oidc(file: _File, here: Steps, tree: Mapping[str, Any] | None) -> Oidc | None:
    jwks = _jwks(file, (*here, "oidc", "jwks"), tree["jwks"]) if tree and "jwks" in tree else ""
    if not tree or not {"issuer", "audience", "jwks"} <= tree.keys():
        return None
    return Oidc(
        issuer=tree["issuer"],
        audience=tree["audience"],
        jwks=jwks,
        claims=MappingProxyType(dict(tree.get("claims", {}))),
        scopes_claim=tree.get("scopes_claim", ""),
        scopes=MappingProxyType({role: frozenset(map(Scope, own)) for role, own in tree.get("scopes", {}).items()}),
    )


def _jwks(file: _File, here: Steps, written: str) -> str:
    """Check the address of an identity provider's keys; a file stands beside the tenants file."""
    if "://" in written:
        try:
            return read_web_address(written)
        except BadValue as fault:
            file.blame(here, str(fault))
            return written
    path = file.beside(written)
    if not path.is_file():
        file.blame(here, f"il n'y a pas de fichier « {short_name(path)} » ; une adresse commence par https://")
    return str(path.absolute())


class _NoToken(Exception):
    """Why there is no token where the file says."""


def _token(file: _File, here: Steps, tree: Mapping[str, Any]) -> str | None:
    """Fetch the token from where the file says it is. It is in no message."""
    ways = [way for way in FETCH if way in tree]
    if len(ways) != 1:
        if not file.blames((*here, "token")):
            file.blame(
                here, "dites où est le jeton : token_env (une variable) ou token_file (un fichier), pas les deux"
            )
        return None
    [way] = ways
    try:
        return read_token(FETCH[way](file, tree[way]))
    except BadValue as fault:
        file.blame((*here, way), f"le jeton {fault}")
    except _NoToken as fault:
        file.blame((*here, way), str(fault))
    return None


def _from_environment(file: _File, name: str) -> str:
    found = file.environ.get(name, "").strip()
    if not found:
        raise _NoToken(f"la variable {name} est absente ou vide")
    return found


def _from_file(file: _File, name: str) -> str:
    path = file.beside(name)
    file.files.append(path)
    try:
        found = _bytes_of(path).decode("ascii").strip()
    except OSError as fault:
        raise _NoToken(f"le fichier « {short_name(path)} » ne peut pas être lu : {fault.strerror}") from fault
    except UnicodeDecodeError:
        raise _NoToken(f"le fichier « {short_name(path)} » ne contient pas qu'un jeton") from None
    if not found:
        raise _NoToken(f"le fichier « {short_name(path)} » est vide")
    return found


FETCH: Mapping[str, Callable[[_File, str], str]] = {"token_env": _from_environment, "token_file": _from_file}

# -- what no table can tell alone -------------------------------------------------------------------


def _check_forms(file: _File, tenants: list[Tenant], known: list[str]) -> None:
    for tenant in tenants:
        for place, form in enumerate(tenant.forms or ()):
            if form not in known:
                message = f"il n'y a pas de formulaire de candidat « {form} »{hint(form, known)}"
                file.blame(("tenants", tenant.id, "forms", str(place)), message)


def _check_keys(file: _File, tenants: list[Tenant], today: date) -> None:
    """A key's public id finds it among all tenants; its name tells it in the trace."""
    seen: dict[str, str] = {}
    for tenant in tenants:
        names: set[str] = set()
        for place, key in enumerate(tenant.keys):
            here = ("tenants", tenant.id, "keys", str(place))
            if key.id in seen:
                file.blame((*here, "id"), f"« {key.id} » est déjà la clé de l'acheteur « {seen[key.id]} »")
            if key.name in names:
                file.blame(
                    (*here, "name"), f"« {key.name} » est déjà une clé de cet acheteur : la trace les confondrait"
                )
            if key.expires < today and not key.revoked:
                file.blame((*here, "expires"), "cette clé a expiré", blocking=False)
            seen.setdefault(key.id, tenant.id)
            names.add(key.name)


def _check_providers(file: _File, tenants: list[Tenant]) -> None:
    """Tenants that believe the same provider must tell their agents apart."""
    tenants_trusting = [(tenant.id, tenant.oidc) for tenant in tenants if tenant.oidc]
    for (one, own), (other, others) in combinations(tenants_trusting, 2):
        same = (own.issuer, own.audience) == (others.issuer, others.audience)
        if same and not _apart(own.claims, others.claims):
            message = (
                f"le fournisseur d'identité est aussi celui de « {one} » : donnez à chacun la même clé dans « claims », "
                "avec une valeur différente, pour que ses agents ne soient pas ceux de l'autre"
            )
            file.blame(("tenants", other, "oidc", "claims"), message)


def _apart(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return any(claim in other and other[claim] != value for claim, value in one.items())
