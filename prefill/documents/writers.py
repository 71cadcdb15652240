"""The formats of documents. A writer is imported when it is first used: its library weighs on whoever writes no document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from prefill.documents.model import Document
from prefill.documents.templates_folder import find_template
from prefill.problems import FormatUnavailable


@dataclass(frozen=True, slots=True)
class Format:
    """A format, by its media type and the module that writes it."""

    media: str
    module: str


FORMATS: Mapping[str, Format] = {
    "docx": Format("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx_writer"),
    "odt": Format("application/vnd.oasis.opendocument.text", "odt_writer"),
    "pdf": Format("application/pdf", "pdf_writer"),
}


def write(document: Document, form: str, kind: str, folder: Path | None = None) -> bytes:
    """Write a document of that form in one of `FORMATS`, on the template that the folder holds or on the service's own.

    Raise `FormatUnavailable` where its library is not installed: each is large, and a service may do without.
    """
    try:
        module = import_module(f"prefill.documents.{FORMATS[kind].module}")
    except ImportError:
        raise FormatUnavailable(kind=kind) from None
    written: bytes = module.write(document, find_template(form, kind, folder))
    return written
