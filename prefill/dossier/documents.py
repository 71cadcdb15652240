"""Downloads the documents of registers, from allowed hosts only, whole and checked before anything is served.

An address in an answer is untrusted input (SSRF): HTTPS only, allowed hosts only (API Entreprise, its storage), no
redirect, no token, bounded size and time; the body must begin as a PDF or a ZIP. It is held in memory while it is
served and stored nowhere.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlsplit

from prefill import telemetry
from prefill.domain.answers import Cause
from prefill.domain.sources import DOCUMENT_HOSTS
from prefill.dossier.model import Document
from prefill.problems import DocumentRefused, DocumentUnavailable, Problem
from prefill.registers.client import RegisterClient

MAX_BYTES = 20 * 2**20
TOTAL_TIMEOUT = 20.0  # seconds for a whole file
SIGNATURES = {b"%PDF": ("pdf", "application/pdf"), b"PK\x03\x04": ("zip", "application/zip")}
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PORTS = {"https": 443, "http": 80}

REASONS = {
    "address": {"fr": "son adresse n'est pas de celles où API Entreprise range ses documents", "en": "its address is not one where API Entreprise keeps documents"},
    "redirect": {"fr": "son adresse renvoie ailleurs", "en": "its address redirects elsewhere"},
    "size": {"fr": "il dépasse 20 Mo", "en": "it is larger than 20 MB"},
    "signature": {"fr": "ce n'est ni un PDF ni un ZIP", "en": "it is neither a PDF nor a ZIP"},
}  # fmt: skip
REASON_BY_CAUSE = {Cause.REDIRECTED: "redirect", Cause.TOO_LARGE: "size"}


@dataclass(frozen=True, slots=True)
class File:
    """A whole document. `name` contains nothing that a register wrote."""

    name: str
    media: str
    body: bytes = field(repr=False)


def fetch(upstream: RegisterClient, document: Document, siren: str, today: date, hosts: Collection[str] = ()) -> File:
    """Download a document. Raises `DocumentRefused` for what must not be served, `DocumentUnavailable` for a failure."""
    try:
        body = _download(upstream, document.url, hosts)
        extension, media = detect_type(body)
    except Problem as problem:
        telemetry.warning("document.failed", source=document.source, cause=problem.code)
        raise
    return File(file_name(document, siren, today, extension), media, body)


def _download(upstream: RegisterClient, url: str, hosts: Collection[str]) -> bytes:
    if not is_allowed(url, upstream.connection.url, hosts):
        raise refused("address")
    answer = upstream.download(url, largest=MAX_BYTES, patience=TOTAL_TIMEOUT)
    if answer.cause in REASON_BY_CAUSE:
        raise refused(REASON_BY_CAUSE[answer.cause])
    if not answer.ok:
        raise unavailable(answer.retry_after)
    body: bytes = answer.data
    return body


def is_allowed(url: str, base: str, hosts: Collection[str] = ()) -> bool:
    """Whether a document may be downloaded from there.

    `base` is the address of API Entreprise, `hosts` the third parties that the operator lists.

    >>> is_allowed("https://storage.entreprise.api.gouv.fr/siade/a.pdf", "https://entreprise.api.gouv.fr")
    True
    >>> is_allowed("http://127.0.0.1:6379/", "https://entreprise.api.gouv.fr")
    False
    """
    if not url.isascii() or not url.isprintable() or "\\" in url or " " in url:
        return False
    try:
        target, upstream = _endpoint(url), _endpoint(base)
    except ValueError:
        return False
    scheme, host, port = target
    if scheme == "http":
        return target == upstream and host in LOOPBACK
    return scheme == "https" and (
        target == upstream or ((host in DOCUMENT_HOSTS or host in hosts) and port == PORTS["https"])
    )


def _endpoint(url: str) -> tuple[str, str, int]:
    """Return the scheme, host and port of an address. Raises `ValueError` when it has none, or has a user name."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError(url)
    return parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme]


def detect_type(body: bytes) -> tuple[str, str]:
    """Return the extension and media type by the first bytes, whatever the server declares."""
    for signature, file_type in SIGNATURES.items():
        if body.startswith(signature):
            return file_type
    raise refused("signature")


def file_name(document: Document, siren: str, today: date, extension: str) -> str:
    """Name a file by its source, company and day.

    >>> file_name(Document("actes_inpi", 2, "../../Statuts", ""), "552049447", date(2026, 11, 23), "pdf")
    'actes_inpi-2_552049447_2026-11-23.pdf'
    """
    rank = f"-{document.n}" if document.n > 1 else ""
    return f"{document.source}{rank}_{siren}_{today.isoformat()}.{extension}"


def refused(reason: str) -> DocumentRefused:
    return DocumentRefused(why=REASONS[reason]["fr"], why_en=REASONS[reason]["en"])


def unavailable(retry_after: float | None = None) -> DocumentUnavailable:
    return DocumentUnavailable(**({"retryAfter": retry_after} if retry_after else {}))
