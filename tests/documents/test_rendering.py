"""A DC1 of a group as LibreOffice and a PDF reader show it: every value is on the pages, and no page is empty."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SOFFICE, reason="LibreOffice is not installed"),
    pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler-utils is not installed"),
]
LEAD, MEMBER, DOWN = "00000100800010", "00000300400017", "00001400100010"
GROUP = [
    {"siret": LEAD, "role": "group-lead", "values": {"/buyer/name": "Ville de Lyon & métropole"}},
    {"siret": MEMBER, "role": "group-mem", "values": {"/share/services": "Menuiseries extérieures du lot n° 2"}},
    {"siret": DOWN, "role": "group-mem"},
]
# What the registers of the sandbox hold, and what the candidate typed.
VALUES = (
    "MENUISERIE DU VAL DORE", "LES FENETRES DU VAL", "14 bis RUE DES TROIS MIRABELLES", "35000", "RENNES", LEAD,
    "LES ATELIERS DU TILLEUL", "5 PLACE DE LA RESSOURCE", "37000", "TOURS", MEMBER,
    "Ville de Lyon & métropole", "Menuiseries extérieures du lot n° 2",
    "Mandataire du groupement : MENUISERIE DU VAL DORE", "L'Insee ne répond pas", "BAC À SABLE",
)  # fmt: skip


def run(*command: str | Path) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=240, check=True)
    return done.stdout


@pytest.fixture(scope="module", params=["docx", "odt", "pdf"])
def pdf(request, client, tmp_path_factory) -> Path:
    """The document as a PDF, by LibreOffice unless it is one."""
    folder = tmp_path_factory.mktemp(request.param)
    answer = client.post(f"/v1/documents/dc1.{request.param}", json={"companies": GROUP})
    assert answer.status_code == 200
    written = folder / f"dc1.{request.param}"
    written.write_bytes(answer.data)
    if request.param != "pdf":
        profile = f"-env:UserInstallation=file://{folder}/profile"
        run(SOFFICE, profile, "--headless", "--convert-to", "pdf", "--outdir", folder, written)
    return folder / "dc1.pdf"


def test_every_value_is_on_the_pages(pdf):
    text = " ".join(run("pdftotext", "-raw", pdf, "-").split())
    joined = text.replace(" ", "").replace("\u00a0", "")

    assert [value for value in VALUES if value.replace(" ", "") not in joined] == []
    assert "[[" not in text
    assert not re.search(r"\.(Mandataire|Membre|[A-G] -)", text)  # a heading is not numbered by its style


def test_every_page_shows_something(pdf):
    run("pdftoppm", "-r", "40", "-gray", pdf, pdf.parent / "page")
    pages = sorted(pdf.parent.glob("page-*.pgm"))

    assert 3 <= len(pages) <= 12
    for page in pages:
        head, pixels = re.match(rb"P5\s\d+\s\d+\s255\s", page.read_bytes()), page.read_bytes()
        assert head
        ink = sum(pixel < 200 for pixel in pixels[head.end() :])
        assert ink > 200, page.name


def test_our_own_pdf_is_tagged(pdf):
    told = run("pdfinfo", pdf)

    assert "DC1 - Lettre de candidature" in told
    if "Typst" in told:
        assert re.search(r"Tagged:\s+yes", told)
