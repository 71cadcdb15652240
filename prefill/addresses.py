"""Addresses in settings and configuration files: how they are read, and when one may be quoted.

An address may hold a password, and one that is mistyped most of all: no error quotes it.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class BadValue(ValueError):
    """Why a text is not a value; the sentence follows the setting's name."""


def split_address(text: str) -> SplitResult:
    """Split an address. Raise `BadValue` where it is none: the library's errors quote what it holds, passwords too."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise BadValue("attend une adresse (un mot de passe s'y écrit en %XX)") from None
    return parts


def read_web_address(text: str) -> str:
    parts = split_address(text)
    loopback = parts.hostname in LOOPBACK
    if "@" in text:
        raise BadValue("ne doit contenir ni nom d'utilisateur ni mot de passe")
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        raise BadValue("attend une adresse comme https://entreprise.api.gouv.fr")
    if parts.scheme == "http" and not loopback:
        raise BadValue("doit commencer par https:// (http n'est permis que vers cette machine)")
    return text.rstrip("/")


def read_list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def read_origins(text: str) -> tuple[str, ...]:
    for origin in read_list(text):
        parts = split_address(origin)
        whole = parts.scheme in ("http", "https") and origin == f"{parts.scheme}://{parts.netloc}" and "@" not in origin
        if origin != "*" and not whole:
            raise BadValue(f"attend des origines comme https://marches.exemple.fr, sans chemin{_but_not(origin, text)}")
    return read_list(text)


def read_hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(host.lower() for host in read_list(text))
    for host in hosts:
        if not re.fullmatch(r"(?:[a-z0-9-]+\.)+[a-z]{2,}", host):
            raise BadValue(f"attend des noms d'hôtes comme www.qualibat.com{_but_not(host, text)}")
    return hosts


def _but_not(part: str, text: str) -> str:
    return f", pas « {part} »" if may_be_quoted(text) else ""


def may_be_quoted(text: str) -> bool:
    """Whether a text surely holds no password: an address is quoted only when it is no more than host, port and path."""
    address = re.compile(r"(\w+://)?[\w.-]*(:\d{1,5})?(/[\w./-]*)?")
    return all(address.fullmatch(part) or not re.search("[@:/?#]", part) for part in read_list(text))
