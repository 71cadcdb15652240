"""A document in PDF, tagged for screen readers, set by Typst: the template reads the document as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import typst

from prefill.documents.model import Document

Standard = Literal["ua-1"]  # PDF/UA-1


def write(document: Document, template: Path) -> bytes:
    """Set the document, with the fonts of Typst and of the template's folder: the same on every machine.

    PDF/UA refuses a character that none of them has: then the machine's fonts help, and the file is tagged all the same.
    """
    try:
        return _compile(document, template, "ua-1", own_fonts=True)
    except typst.TypstError as refused:
        if "UA-1" not in str(refused):
            raise
        return _compile(document, template, None, own_fonts=False)


def _compile(document: Document, template: Path, standard: Standard | None, *, own_fonts: bool) -> bytes:
    midnight = datetime.combine(document.day, datetime.min.time(), UTC)
    content = {**asdict(document), "day": document.day.strftime("%d/%m/%Y")}
    pdf: bytes = typst.compile(
        template, root=template.parent, font_paths=[template.parent], ignore_system_fonts=own_fonts, timestamp=int(midnight.timestamp()),
        sys_inputs={"document": json.dumps(content)}, pdf_standards=standard,
    )  # fmt: skip
    return pdf
