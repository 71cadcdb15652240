"""Which template a document is written on: the integrator's, else the service's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

OWN = Path(__file__).resolve().parent / "templates"
ANY_FORM = "document"
# The format of a document, and what its template is written in.
SUFFIXES: Mapping[str, str] = {"docx": "docx", "odt": "odt", "pdf": "typ"}
CONTENT = "[[contenu]]"
# A word, or a path that may end in the name of an entry: [[/identifiants[tva]]].
NAME = re.compile(r"\[\[\s*([^\[\]\s]+(?:\[[\w-]+\])?)\s*\]\]")


def find_template(form: str, kind: str, folder: Path | None) -> Path:
    """Find `FORM.docx`, else `document.docx`, in the integrator's folder, else in the service's own."""
    suffix = SUFFIXES[kind]
    folders = (folder, OWN) if folder else (OWN,)
    wanted = (place / f"{name}.{suffix}" for place in folders for name in (form, ANY_FORM))
    return next(path for path in wanted if path.is_file())


def replaced(values: Mapping[str, str]) -> Callable[[str], str]:
    """Make the function that puts values in the place of `[[name]]` and `[[/path]]`, and nothing where there is none."""
    return partial(NAME.sub, lambda found: values.get(found[1], ""))
