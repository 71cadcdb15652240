"""Fetch the files that registers name, from the hosts we trust alone, whole and checked before a byte is served.

An address in an answer is not to be believed: only HTTPS, only the hosts that the catalogue allows (API
Entreprise's own, its storage), no redirect, no token, so many bytes, so many seconds; and what comes must
begin like a PDF or a ZIP. A file stays in memory while it is served, and is kept nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlsplit

from prefill import telemetry
from prefill.domain.answers import Cause
from prefill.domain.sources import DOCUMENT_HOSTS
from prefill.dossier.model import Document
from prefill.problems import DocumentRefused, DocumentUnavailable, Problem
from prefill.registers.client import RegisterClient

LARGEST = 20 * 2**20  # bytes
PATIENCE = 20.0  # seconds for the whole of a file
KINDS = {b"%PDF": ("pdf", "application/pdf"), b"PK\x03\x04": ("zip", "application/zip")}
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PORTS = {"https": 443, "http": 80}

WHY = {
    "address": {"fr": "son adresse n'est pas de celles où API Entreprise range ses documents", "en": "its address is not one where API Entreprise keeps documents"},
    "redirect": {"fr": "son adresse renvoie ailleurs", "en": "its address redirects elsewhere"},
    "size": {"fr": "il dépasse 20 Mo", "en": "it is larger than 20 MB"},
    "kind": {"fr": "ce n'est ni un PDF ni un ZIP", "en": "it is neither a PDF nor a ZIP"},
}  # fmt: skip
REFUSED = {Cause.REDIRECTED: "redirect", Cause.TOO_LARGE: "size"}


@dataclass(frozen=True, slots=True)
class File:
    """A document, whole. `name` is made by us: nothing that a register wrote is in it."""

    name: str
    media: str
    body: bytes = field(repr=False)


def fetch(upstream: RegisterClient, document: Document, siren: str, today: date) -> File:
    """Fetch a file. Raise `DocumentRefused` for what must not be served, `DocumentUnavailable` for a failure."""
    try:
        body = _download(upstream, document.url)
        extension, media = kind_of(body)
    except Problem as problem:
        telemetry.warning("document.failed", source=document.source, cause=problem.code)
        raise
    return File(name_of(document, siren, today, extension), media, body)


def _download(upstream: RegisterClient, url: str) -> bytes:
    if not allowed(url, upstream.connection.url):
        raise refused("address")
    answer = upstream.download(url, largest=LARGEST, patience=PATIENCE)
    if answer.cause in REFUSED:
        raise refused(REFUSED[answer.cause])
    if not answer.ok:
        raise unavailable(answer.retry_after)
    body: bytes = answer.data
    return body


def allowed(url: str, base: str) -> bool:
    """Tell whether a file may be fetched there; `base` is the address of API Entreprise.

    >>> allowed("https://storage.entreprise.api.gouv.fr/siade/a.pdf", "https://entreprise.api.gouv.fr")
    True
    >>> allowed("http://127.0.0.1:6379/", "https://entreprise.api.gouv.fr")
    False
    """
    if not url.isascii() or not url.isprintable() or "\\" in url or " " in url:
        return False
    try:
        asked, ours = _place(url), _place(base)
    except ValueError:
        return False
    scheme, host, port = asked
    if scheme == "http":
        return asked == ours and host in LOOPBACK
    return scheme == "https" and (asked == ours or (host in DOCUMENT_HOSTS and port == PORTS["https"]))


def _place(url: str) -> tuple[str, str, int]:
    """Give the scheme, host and port of an address. Raise `ValueError` when it has none, or names a user."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError(url)
    return parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme]


def kind_of(body: bytes) -> tuple[str, str]:
    """Give the extension and the media type that the first bytes say, whatever the server says."""
    for mark, kind in KINDS.items():
        if body.startswith(mark):
            return kind
    raise refused("kind")


def name_of(document: Document, siren: str, today: date, extension: str) -> str:
    """Name a file by what it is, of whom and when it was obtained.

    >>> name_of(Document("actes_inpi", 2, "../../Statuts", ""), "552049447", date(2026, 11, 23), "pdf")
    'actes_inpi-2_552049447_2026-11-23.pdf'
    """
    rank = f"-{document.n}" if document.n > 1 else ""
    return f"{document.source}{rank}_{siren}_{today.isoformat()}.{extension}"


def refused(why: str) -> DocumentRefused:
    return DocumentRefused(why=WHY[why]["fr"], why_en=WHY[why]["en"])


def unavailable(retry_after: float | None = None) -> DocumentUnavailable:
    return DocumentUnavailable(**({"retryAfter": retry_after} if retry_after else {}))
