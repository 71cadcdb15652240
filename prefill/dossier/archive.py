"""Streams the documents of a dossier as one ZIP archive, with a summary, a manifest and checksums.

A document that cannot be fetched does not stop the archive: the manifest lists it with the reason.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from zipfile import ZIP_DEFLATED

from zipstream import ZipStream

from prefill.dossier.documents import File
from prefill.dossier.model import Document
from prefill.problems import Language, Problem

SUMMARY = "dossier.html"
MANIFEST = "manifeste.json"
CHECKSUMS = "SHA256SUMS"  # the format of `sha256sum --check`


def stream_archive(
    documents: Iterable[Document],
    fetch: Callable[[Document], File],
    *,
    summary: str,
    facts: Mapping[str, Any],
    language: Language,
    left: Iterable[Document] = (),
) -> Iterator[bytes]:
    """Yield the archive as it grows: the summary, each document once it is fetched, the manifest (`facts` first).

    `left` are the documents of the dossier that another archive will hold.
    """
    archive = ZipStream(compress_type=ZIP_DEFLATED)
    packed = [_add(archive, SUMMARY, summary.encode())]
    failed = []
    yield from archive.all_files()
    for document in documents:
        try:
            file = fetch(document)
        except Problem as problem:
            failed.append({**_reference(document), "code": problem.code, "reason": problem.detail(language)})
        else:
            packed.append({**_add(archive, file.name, file.body), **_reference(document)})
            yield from archive.all_files()
    manifest = {**facts, "files": packed, "failed": failed, "left": [_reference(document) for document in left]}
    _add(archive, MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=2).encode())
    _add(archive, CHECKSUMS, "".join(f"{file['sha256']}  {file['name']}\n" for file in packed).encode())
    yield from archive.finalize()


def _add(archive: ZipStream, name: str, body: bytes) -> dict[str, Any]:
    archive.add(body, name)
    return {"name": name, "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}


def _reference(document: Document) -> dict[str, Any]:
    return {"source": document.source, "n": document.n, "title": document.title}
