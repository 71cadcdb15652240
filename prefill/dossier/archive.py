"""Pack a dossier's documents in one ZIP, file by file as they come, with a summary and the sums of all.

What cannot be had is no reason to stop: the manifest names it, with the reason.
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
SUMS = "SHA256SUMS"  # what `sha256sum --check` reads


def pack(
    documents: Iterable[Document],
    fetch: Callable[[Document], File],
    *,
    summary: str,
    facts: Mapping[str, Any],
    language: Language,
) -> Iterator[bytes]:
    """Give the archive as it grows: the summary, each document once it is there, the manifest. `facts` open it."""
    archive = ZipStream(compress_type=ZIP_DEFLATED)
    packed = [_add(archive, SUMMARY, summary.encode())]
    failed = []
    yield from archive.all_files()
    for document in documents:
        try:
            file = fetch(document)
        except Problem as problem:
            failed.append({**_names(document), "code": problem.code, "reason": problem.detail(language)})
        else:
            packed.append({**_add(archive, file.name, file.body), **_names(document)})
            yield from archive.all_files()
    manifest = {**facts, "files": packed, "failed": failed}
    _add(archive, MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=2).encode())
    _add(archive, SUMS, "".join(f"{one['sha256']}  {one['name']}\n" for one in packed).encode())
    yield from archive.finalize()


def _add(archive: ZipStream, name: str, body: bytes) -> dict[str, Any]:
    archive.add(body, name)
    return {"name": name, "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}


def _names(document: Document) -> dict[str, Any]:
    return {"source": document.source, "n": document.n, "title": document.title}
