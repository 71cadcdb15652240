"""Streams the documents of one or several dossiers as one ZIP archive, with summaries, a manifest and checksums.

A document that cannot be fetched does not stop the archive: the manifest lists it with the reason.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zipfile import ZIP_DEFLATED

from zipstream import ZipStream

from prefill.dossier.documents import File
from prefill.dossier.model import Document
from prefill.problems import Language, Problem

SUMMARY = "dossier.html"
MANIFEST = "manifeste.json"
CHECKSUMS = "SHA256SUMS"  # the format of `sha256sum --check`


@dataclass(frozen=True, slots=True)
class Part:
    """What an archive holds of one company.

    Attributes:
        documents: those to fetch.
        left: those that another archive will hold.
        fetch: downloads one; raises a `Problem` when it cannot be had.
        summary: the page that sums the dossier up.
        facts: what the manifest says of the company before anything else.
        folder: where it is in the archive, with its `/`; the root by default.
    """

    documents: Sequence[Document]
    left: Sequence[Document]
    fetch: Callable[[Document], File]
    summary: str
    facts: Mapping[str, Any]
    folder: str = ""


Packed = Generator[bytes, None, dict[str, Any]]


def stream_archive(part: Part, language: Language) -> Iterator[bytes]:
    """Yield the archive of one company as it grows: its summary, each document once it is fetched, the manifest."""
    archive = ZipStream(compress_type=ZIP_DEFLATED)
    manifest = yield from _pack(archive, part, language)
    yield from _finish(archive, manifest, manifest["files"])


def stream_procedure(parts: Iterable[Part], facts: Mapping[str, Any], language: Language) -> Iterator[bytes]:
    """Yield the archive of several companies, a folder each; the manifest tells of all, after `facts`."""
    archive = ZipStream(compress_type=ZIP_DEFLATED)
    candidates: list[dict[str, Any]] = []
    for part in parts:
        candidate = yield from _pack(archive, part, language)
        candidates += [candidate]
    files = [file for candidate in candidates for file in candidate["files"]]
    yield from _finish(archive, {**facts, "candidates": candidates}, files)


def _pack(archive: ZipStream, part: Part, language: Language) -> Packed:
    """Add the files of one company; return its entry of the manifest."""
    files = [_add(archive, part.folder + SUMMARY, part.summary.encode())]
    failed = []
    yield from archive.all_files()
    for document in part.documents:
        try:
            file = part.fetch(document)
        except Problem as problem:
            failed.append({**_reference(document), "code": problem.code, "reason": problem.detail(language)})
        else:
            files.append({**_add(archive, part.folder + file.name, file.body), **_reference(document)})
            yield from archive.all_files()
    return {**part.facts, "files": files, "failed": failed, "left": [_reference(document) for document in part.left]}


def _finish(archive: ZipStream, manifest: Mapping[str, Any], files: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    _add(archive, MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=2).encode())
    _add(archive, CHECKSUMS, "".join(f"{file['sha256']}  {file['name']}\n" for file in files).encode())
    yield from archive.finalize()


def _add(archive: ZipStream, name: str, body: bytes) -> dict[str, Any]:
    archive.add(body, name)
    return {"name": name, "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}


def _reference(document: Document) -> dict[str, Any]:
    return {"source": document.source, "n": document.n, "title": document.title}
