"""The settings table: every environment variable, its default, its check and its meaning.

The table is what `prefill settings` prints and what docs/settings.md explains. A bad value stops the
start with a sentence that names it; a secret is never in that sentence, nor in a repr.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from prefill.addresses import (
    BadValue,
    may_be_quoted,
    read_hosts,
    read_list,
    read_origins,
    read_web_address,
    split_address,
)
from prefill.domain.identifiers import parse
from prefill.domain.suggestions import closest
from prefill.problems import Problem, SettingsInvalid

BY_RECIPIENT = "recipient"  # of an editor's token: the delegation that the buyer alone tells, when it gave only one
PRODUCTION = "https://entreprise.api.gouv.fr"
STAGING = "https://staging.entreprise.api.gouv.fr"
SEARCH = "https://recherche-entreprises.api.gouv.fr"
OURS = ("PREFILL_", "API_ENTREPRISE_", "RECHERCHE_ENTREPRISES_")
SANDBOX_UNWANTED = (
    "API_ENTREPRISE_TOKEN manque, et en production le service n'invente pas d'entreprises de lui-même : donnez le jeton "
    "(et PREFILL_RECIPIENT), ou demandez le bac à sable avec PREFILL_SANDBOX=1."
)
AUDIT_SCHEMES = ("sqlite", "postgresql", "postgres")
MAX_RETENTION_MONTHS = 600


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text) or not least <= int(text) <= most:
            raise BadValue(f"attend un nombre entier de {least} à {most}")
        return int(text)

    return read


def _seconds(least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        if not re.fullmatch(r"\d{1,6}([.,]\d{1,6})?", text) or not least <= float(text.replace(",", ".")) <= most:
            raise BadValue(f"attend un nombre de secondes de {least:g} à {most:g}")
        return float(text.replace(",", "."))

    return read


def read_token(text: str) -> str:
    if not re.fullmatch(r"[!-~]+", text):
        raise BadValue("contient une espace, un saut de ligne ou un caractère non ASCII : recopiez le jeton seul")
    if text[0] in "\"'" or text[-1] in "\"'":  # docker's --env-file keeps them
        raise BadValue("est entre guillemets : retirez-les")
    return text


def read_siret(text: str) -> str:
    try:
        number = parse(text)
    except Problem as problem:
        raise BadValue(f"attend le SIRET de l'acheteur. {problem}") from problem
    if len(number) != 14:
        raise BadValue("attend un SIRET (14 chiffres), pas un SIREN")
    return number


def read_delegation(text: str) -> str:
    """Read under what an editor's token acts: the UUID of a delegation, or the word that lets the recipient tell."""
    wanted = text.lower()
    if wanted == BY_RECIPIENT or re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", wanted):
        return wanted
    raise BadValue(
        "attend « recipient » (le SIRET de l'acheteur suffit à trouver sa délégation) ou l'UUID d'une délégation"
    )


def _receipt_keys(text: str) -> tuple[str, ...]:
    seeds = read_list(text)
    if not all(re.fullmatch(r"[A-Za-z0-9_-]{43}", seed, re.ASCII) for seed in seeds):
        raise BadValue(
            "attend des clés faites par « prefill receipt key », séparées par des virgules, la plus récente d'abord"
        )
    return seeds


def _redis(text: str) -> str:
    if split_address(text).scheme not in ("redis", "rediss", "unix", "valkey", "valkeys"):
        raise BadValue("attend une adresse comme redis://:motdepasse@hote:6379/0 ou rediss://…")
    return text.replace("valkeys://", "rediss://", 1).replace("valkey://", "redis://", 1)


def _audit(text: str) -> str:
    """A database URL may hold a password: the setting is shown as a secret is."""
    scheme, found, _ = text.partition("://")
    if found:
        split_address(text)
    if found and scheme not in AUDIT_SCHEMES:
        raise BadValue(f"attend stdout, le chemin d'un fichier, ou une adresse {' ou '.join(AUDIT_SCHEMES)}")
    return text


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise BadValue("attend 0 ou 1")
    return text == "1"


def read_short(text: str) -> str:
    if len(text) >= 50:
        raise BadValue(f"doit faire moins de 50 caractères, celui-ci en fait {len(text)}")
    return text


def read_line(text: str) -> str:
    if not text.isprintable() or len(text) > 200:
        raise BadValue("attend un texte d'une ligne, de 200 caractères au plus")
    return text


def _contact(text: str) -> str:
    """Goes between parentheses in a header."""
    if not re.fullmatch(r"[!-'*-~]{3,200}", text) or ("://" in text and "@" in text):
        raise BadValue("attend une adresse électronique ou celle d'une page, sans espace ni parenthèse")
    return text


def _choice(*known: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise BadValue(f"attend l'une de ces valeurs : {', '.join(known)}")
        return text

    return read


def _setting(name: str, read: Callable[[str], Any], default: Any, meaning: str, *, secret: bool = False) -> Any:
    row = {"name": name, "read": read, "default": default, "meaning": meaning, "secret": secret}
    return field(default=default, metadata=row, repr=not secret)


# fmt: off
@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, read and checked. Without a token the service runs on the sandbox."""

    url: str = _setting(
        "API_ENTREPRISE_URL", read_web_address, PRODUCTION,
        "Adresse d'API Entreprise. La préproduction est " + STAGING + ".",
    )
    token: str | None = _setting(
        "API_ENTREPRISE_TOKEN", read_token, None,
        "Jeton d'accès à API Entreprise. Sans lui, le service tourne sur son bac à sable, avec des données inventées.",
        secret=True,
    )
    sources: str = _setting(
        "PREFILL_SOURCES", _choice("all", "open"), "all",
        "Sources : all, ou open pour servir sans jeton les vraies entreprises, leur identité seule, d'après Recherche d'entreprises.",
    )
    environment: str = _setting(
        "PREFILL_ENV", _choice("production", "development"), "development",
        "Cadre : production ou development. En production, pas de bac à sable sans PREFILL_SANDBOX=1. Par défaut production si PORT est donné (PaaS).",
    )
    sandbox_allowed: bool = _setting(
        "PREFILL_SANDBOX", _flag, False,
        "1 pour servir en production, sans jeton, les entreprises inventées du bac à sable.",
    )
    recipient: str | None = _setting(
        "PREFILL_RECIPIENT", read_siret, None,
        "SIRET de l'acheteur public habilité à recevoir les données. Obligatoire avec un jeton.",
    )
    delegation: str | None = _setting(
        "PREFILL_DELEGATION", read_delegation, None,
        "Pour le jeton d'un éditeur : recipient, ou l'UUID de la délégation quand l'acheteur en a donné plusieurs. Rien pour le jeton de l'acheteur.",
    )
    search_url: str = _setting(
        "RECHERCHE_ENTREPRISES_URL", read_web_address, SEARCH,
        "Adresse de l'API ouverte Recherche d'entreprises, qui trouve une entreprise par son nom, sans jeton. Par défaut celle de l'État, ou API_ENTREPRISE_URL quand elle est sur cette machine (prefill sandbox).",
    )
    search_rate: int = _setting(
        "RECHERCHE_ENTREPRISES_RATE", _whole(0, 7), 2,
        "Appels par seconde à Recherche d'entreprises, pour tous les processus ensemble (7 au plus par adresse). 0 : pas de recherche.",
    )
    context: str = _setting(
        "PREFILL_CONTEXT", read_short, "Marchés publics", "Cadre des appels, transmis à API Entreprise."
    )
    object: str = _setting(
        "PREFILL_OBJECT", read_short, "Préremplissage DUME",
        "Raison des appels ou numéro de procédure, transmis à API Entreprise (moins de 50 caractères).",
    )
    contact: str | None = _setting(
        "PREFILL_CONTACT", _contact, None,
        "Adresse électronique ou page de l'exploitant, dite à API Entreprise dans User-Agent : à qui écrire avant de bannir.",
    )
    allowed_origins: tuple[str, ...] = _setting(
        "PREFILL_ALLOWED_ORIGINS", read_origins, (),
        "Origines des pages qui peuvent appeler le service, séparées par des virgules. Aucune par défaut, toutes dans le bac à sable.",
    )
    tenants: str | None = _setting(
        "PREFILL_TENANTS", str, None,
        "Fichier TOML des acheteurs servis, avec le jeton, les origines et les agents de chacun. Sans lui, un seul acheteur, celui des variables.",
    )
    public_url: str | None = _setting(
        "PREFILL_PUBLIC_URL", read_web_address, None,
        "Adresse publique du service, où le fournisseur d'identité renvoie les agents : elle s'y déclare suivie de /signin/callback.",
    )
    session_minutes: int = _setting(
        "PREFILL_SESSION_MINUTES", _whole(5, 480), 30,
        "Minutes sans usage après lesquelles la session d'un agent s'arrête ; huit heures après sa connexion dans tous les cas.",
    )
    receipt_keys: tuple[str, ...] = _setting(
        "PREFILL_RECEIPT_KEYS", _receipt_keys, (),
        "Clés qui signent les reçus de préremplissage : la première signe, les suivantes vérifient encore. Sans elles, pas de reçu.",
        secret=True,
    )
    audit: str | None = _setting(
        "PREFILL_AUDIT", _audit, None,
        "Où la trace des accès aux données protégées est écrite : sortie standard par défaut (stdout), chemin d'un fichier, ou adresse d'une base (sqlite:///…, postgresql://…).",
        secret=True,
    )
    controller: str | None = _setting(
        "PREFILL_CONTROLLER", read_line, None,
        "Nom du responsable de traitement (l'acheteur public), dit aux candidats avant tout appel.",
    )
    rights_contact: str | None = _setting(
        "PREFILL_RIGHTS_CONTACT", read_line, None,
        "Adresse postale, électronique ou page où un candidat exerce ses droits sur ses données.",
    )
    dpo: str | None = _setting(
        "PREFILL_DPO", read_line, None, "Comment joindre le délégué à la protection des données de l'acheteur."
    )
    privacy_url: str | None = _setting(
        "PREFILL_PRIVACY_URL", read_web_address, None,
        "Page de l'acheteur sur la protection des données.",
    )
    retention_months: int | None = _setting(
        "PREFILL_RETENTION_MONTHS", _whole(1, MAX_RETENTION_MONTHS), None,
        "Mois pendant lesquels l'acheteur garde les formulaires déposés.",
    )
    consent: bool = _setting(
        "PREFILL_CONSENT", _flag, False,
        "1 pour que le script attende l'accord du candidat avant son premier appel.",
    )
    schemas: tuple[str, ...] = _setting(
        "PREFILL_SCHEMAS", read_list, (),
        "Dossiers de formulaires ajoutés à ceux du service, séparés par des virgules ; le dernier l'emporte.",
    )
    studio: bool = _setting("PREFILL_STUDIO", _flag, False,
        "1 pour offrir l'atelier des formulaires (/studio) hors du bac à sable : leur texte et leurs essais y sont publics.")
    templates: str | None = _setting(
        "PREFILL_TEMPLATES", str, None,
        "Dossier de modèles de documents : dc1.docx, document.odt, document.typ… remplacent ceux du service.",
    )
    vat_list: str | None = _setting(
        "PREFILL_VAT_LIST", str, None,
        "Index des numéros de TVA, que « prefill vat import » fait de la liste de la DGFIP : qui y est ne coûte pas d'appel.",
    )
    document_hosts: tuple[str, ...] = _setting(
        "PREFILL_DOCUMENT_HOSTS", read_hosts, (),
        "Hôtes d'organismes tiers (certificats RGE, Qualifelec) dont le service peut télécharger les documents, séparés par des virgules. Aucun par défaut : l'agent reçoit un lien.",
    )
    deadline: float = _setting(
        "PREFILL_DEADLINE", _seconds(0.1, 60), 8.0, "Temps accordé à un préremplissage, en secondes."
    )
    early_calls: bool = _setting(
        "PREFILL_EARLY_CALLS", _flag, True,
        "1 pour demander la TVA et l'extrait RCS en même temps que l'établissement, tant que plus de la moitié du quota de la minute reste : une attente au lieu de deux, quelques appels de plus. Ce qui n'est pas communicable est oublié sans être lu. 0 : rien avant de savoir ce qu'est l'entreprise.",
    )
    cache_entries: int = _setting(
        "PREFILL_CACHE_ENTRIES", _whole(0, 10_000_000), 50_000, "Nombre de réponses gardées en mémoire, au plus."
    )
    response_cache: int = _setting(
        "PREFILL_RESPONSE_CACHE", _whole(0, 1_000_000), 1000,
        "Nombre de préremplissages gardés tout prêts à envoyer, au plus (une dizaine de ko chacun). 0 : aucun.",
    )
    workers: int = _setting(
        "PREFILL_WORKERS", _whole(1, 1000), 32, "Nombre d'appels simultanés à un même fournisseur, au plus, par processus."
    )
    threads: int = _setting(
        "PREFILL_THREADS", _whole(8, 1000), 64,
        "Requêtes servies à la fois par processus ; les trois quarts peuvent attendre les registres, au-delà ce qui est connu est répondu aussitôt.",
    )
    redis_url: str | None = _setting(
        "REDIS_URL", _redis, None,
        "Redis ou Valkey que partagent toutes les instances : cache, budget, appels en cours. Sans lui, tout est en mémoire.",
        secret=True,
    )
    instances: int = _setting(
        "PREFILL_INSTANCES", _whole(1, 1000), 1,
        "Nombre de processus qui emploient le même jeton : la part de budget de chacun quand Redis manque. Par défaut WEB_CONCURRENCY.",
    )
    share_protected: bool = _setting(
        "PREFILL_SHARE_PROTECTED", _flag, False,
        "1 pour garder aussi dans Redis les réponses des sources protégées. Par défaut elles ne quittent pas la mémoire.",
    )
    proxies: int | None = _setting(
        "PREFILL_PROXIES", _whole(0, 10), None,
        "Nombre exact de mandataires devant le service, pour connaître l'adresse du candidat. Par défaut 1 si PORT est donné (PaaS), sinon 0.",
    )
    rate_limit: int = _setting(
        "PREFILL_RATE_LIMIT", _whole(0, 1_000_000), 60,
        "Entreprises nouvelles qu'une même adresse peut demander par minute, et appels aux registres qu'elle peut causer (trois ou quatre par entreprise) ; dix fois plus de ce que le cache tient. 0 : pas de limite.",
    )
    metrics_token: str | None = _setting(
        "PREFILL_METRICS_TOKEN", read_token, None,
        "Jeton à présenter (Authorization: Bearer …) pour lire /metrics. Sans lui, /metrics n'existe pas.",
        secret=True,
    )
    log: str = _setting(
        "PREFILL_LOG", _choice("auto", "json", "text"), "auto",
        "Forme du journal : json, text, ou auto (text sur un terminal, json ailleurs).",
    )
    host: str = _setting("PREFILL_HOST", str, "127.0.0.1", "Adresse d'écoute de « prefill serve ».")
    port: int = _setting("PORT", _whole(1, 65535), 8000, "Port d'écoute.")

    # fmt: on
    @property
    def sandbox(self) -> bool:
        """Invented data: nobody gave a token, nor asked for open data alone."""
        return self.token is None and self.tenants is None and not self.open_only

    @property
    def open_only(self) -> bool:
        """Real companies without a token: their identity alone."""
        return self.sources == "open"


# Names of the version before, still read when the new one is not set.
FORMER_NAMES: Mapping[str, str] = {"PREFILL_RESPONSE_CACHE": "PREFILL_READY", "PREFILL_RATE_LIMIT": "PREFILL_VISITS"}


def former_names(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """List the former names that are still in use, each with its new name."""
    return [(old, new) for new, old in FORMER_NAMES.items() if environ.get(old, "").strip()]


def _text(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, "").strip() or environ.get(FORMER_NAMES.get(name, ""), "").strip()


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting as it can be shown: a secret's value never is."""

    name: str
    value: str
    origin: str
    meaning: str


def load(environ: Mapping[str, str]) -> Settings:
    """Read the settings. Raise `SettingsInvalid` with one sentence per bad value."""
    values: dict[str, Any] = {}
    faults: list[str] = []
    for one in fields(Settings):
        row = one.metadata
        text = _text(environ, row["name"])
        try:
            if text:
                values[one.name] = row["read"](text)
        except BadValue as fault:
            faults.append(f"{row['name']} {fault}{_quoted(row, text)}.")
    # A PaaS gives a port, and puts one proxy in front.
    on_platform = bool(environ.get("PORT", "").strip())
    values.setdefault("proxies", int(on_platform))
    values.setdefault("environment", "production" if on_platform else "development")
    # Each process of the server is an instance.
    processes = environ.get("WEB_CONCURRENCY", "").strip()
    values.setdefault("instances", int(processes) if re.fullmatch(r"[1-9]\d{0,2}", processes) else 1)
    settings = Settings(**values)
    if not faults and settings.token and not settings.recipient and not settings.tenants:
        faults.append("PREFILL_RECIPIENT manque : avec un jeton, donnez le SIRET de l'acheteur qui reçoit les données.")
    faults += _contradictions(settings)
    if faults:
        raise SettingsInvalid("\n".join(faults))
    return settings


def _contradictions(settings: Settings) -> Iterator[str]:
    """Say which settings do not go together."""
    if settings.open_only and (settings.token or settings.tenants):
        yield "PREFILL_SOURCES=open est pour un service sans jeton : retirez-le, ou retirez le jeton."
    if settings.open_only and not settings.search_rate:
        yield "PREFILL_SOURCES=open ne va pas avec RECHERCHE_ENTREPRISES_RATE=0 : toutes les données en viennent."


def refuse_unwanted_sandbox(settings: Settings, environ: Mapping[str, str]) -> None:
    """Raise `SettingsInvalid` in production without a token: invented companies must be asked for, and by the right name."""
    if settings.sandbox and settings.environment == "production" and not settings.sandbox_allowed:
        raise SettingsInvalid("\n".join((SANDBOX_UNWANTED, *say_unknown_settings(environ))))


def unknown_settings(environ: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    """Give the variables that look like ours and are not, each with the setting that was perhaps meant."""
    known = {one.metadata["name"] for one in fields(Settings)} | set(FORMER_NAMES.values())
    for name in sorted(environ):
        if name.startswith(OURS) and name not in known:
            yield name, closest(name, known)


def say_unknown_settings(environ: Mapping[str, str]) -> Iterator[str]:
    """Say of each variable that looks like ours that it has no effect, and what was perhaps meant."""
    for name, guess in unknown_settings(environ):
        hint = f" Vouliez-vous dire {guess} ?" if guess else ""
        yield f"{name} n'est pas un réglage : il est sans effet.{hint}"


def _quoted(row: Mapping[str, Any], text: str) -> str:
    return "" if row["secret"] or not may_be_quoted(text) else f" (reçu : « {text[:80]} »)"


def describe(settings: Settings, environ: Mapping[str, str]) -> tuple[Shown, ...]:
    """Show every setting, where its value came from and what it means."""
    return tuple(_visible_answers(one.metadata, getattr(settings, one.name), environ) for one in fields(Settings))


def _visible_answers(row: Mapping[str, Any], value: Any, environ: Mapping[str, str]) -> Shown:
    origin = "environnement" if _text(environ, row["name"]) else "défaut"
    return Shown(row["name"], _display(row, value), origin, row["meaning"])


def _display(row: Mapping[str, Any], value: Any) -> str:
    if value is None or value == ():
        return "(aucun)"
    if row["secret"]:
        return "(secret, présent)"
    if isinstance(value, bool):
        return str(int(value))
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
