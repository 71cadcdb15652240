"""The documents of the sandbox: small PDF files that say their own name."""

from __future__ import annotations

import re

EXPIRED = "/documents/lien-expire.pdf"


def document(path: str) -> bytes | None:
    """Give the file at a path; None when its address has expired."""
    if path == EXPIRED:
        return None
    return pdf(path.rpartition("/")[2].removesuffix(".pdf"))


def pdf(title: str) -> bytes:
    """Draw a page that says its own name: the smallest PDF that readers open without complaint."""
    text = f"BT /F1 14 Tf 20 60 Td (Bac a sable : {re.sub(r'[^A-Za-z0-9 -]', ' ', title)}) Tj ET".encode()
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 120]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    page, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(page))
        page += b"%d 0 obj%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size, start = len(objects) + 1, len(page)
    page += b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    return bytes(page + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, start))
