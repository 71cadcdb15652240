"""A document in Office Open XML (Word), on a template whose styles, header and footer are kept."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import docx
from docx.document import Document as Docx
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph

from prefill.documents.model import COMPANY, Document, Line, Part, Section
from prefill.documents.templates_folder import CONTENT, replaced

LABELS, ANSWERS = Cm(6.2), Cm(10.8)
COMPANIES, GRID = Cm(4.5), 12.5  # the second in centimetres, shared by the columns
ROW, SIGNING = "454", "1700"  # twentieths of a point: 0.8 cm, what a blank needs


def write(document: Document, template: Path) -> bytes:
    target = docx.Document(str(template))
    _describe(target, document)
    marker = _fill_placeholders(target, document)
    content = _Content(target)
    for warning in document.warnings:
        content.paragraph(warning, "Prefill Note")
    for section in document.sections:
        content.paragraph(section.title, "Heading 1")
        if section.grid:
            content.grid(section)
            continue
        for part in section.parts:
            content.part(part)
    content.move_before(marker)
    stream = io.BytesIO()
    target.save(stream)
    return stream.getvalue()


def _describe(target: Docx, document: Document) -> None:
    properties = target.core_properties
    properties.title, properties.language = document.title, "fr-FR"
    properties.author = properties.last_modified_by = properties.comments = ""


def _fill_placeholders(target: Docx, document: Document) -> Paragraph | None:
    """Put values in the place of their names. Return the paragraph where the content goes."""
    replace = replaced(document.placeholders())
    marker = None
    for paragraph in _paragraphs(target):
        if paragraph.text.strip() == CONTENT:
            marker = paragraph
        elif "[[" in paragraph.text:
            _rewrite(paragraph, replace)
    return marker


def _paragraphs(target: Docx) -> Iterator[Paragraph]:
    """Give every paragraph: those of the body, of tables, of headers and of footers."""
    roots: list[Any] = [target.element.body]
    for section in target.sections:
        roots += [section.header._element, section.footer._element]
    for root in roots:
        for element in root.iter(qn("w:p")):
            yield Paragraph(element, target._body)


def _rewrite(paragraph: Paragraph, replace: Callable[[str], str]) -> None:
    """Rewrite a paragraph in its first run: editors cut a name into several."""
    runs = paragraph.runs
    text = replace("".join(run.text for run in runs))
    for run in runs[1:]:
        run.text = ""
    if runs:
        runs[0].text = text


class _Content:
    """The elements made so far, at the end of the document."""

    def __init__(self, target: Docx) -> None:
        self._target = target
        self._styles = {str(style.name): style.style_id for style in target.styles}
        self._made: list[Any] = []

    def paragraph(self, text: str, style: str) -> None:
        if text:
            self._made.append(self._styled(self._target.add_paragraph(text), style)._p)

    def part(self, part: Part) -> None:
        self.paragraph(part.title, "Heading 2")
        self.paragraph(part.note, "Prefill Source")
        table = self._table((LABELS, ANSWERS), ("Champ", "Réponse"))
        for line in part.lines:
            row = _new_row(table)
            self._write(row.cells[0], line.label, "Prefill Label")
            self._answer(row.cells[1], line)
            _size(row, (LABELS, ANSWERS), SIGNING if line.tall else ROW)
        self._end(table)

    def grid(self, section: Section) -> None:
        labels = [line.label for line in section.parts[0].lines]
        widths = (COMPANIES, *(Cm(GRID / len(labels)) for _ in labels))
        table = self._table(widths, (COMPANY, *labels))
        for part in section.parts:
            row = _new_row(table)
            self._write(row.cells[0], part.title, "Prefill Label")
            for cell, line in zip(row.cells[1:], part.lines, strict=True):
                self._answer(cell, line)
            _size(row, widths)
        self._end(table)

    def _table(self, widths: Sequence[Cm], headings: Sequence[str]) -> Table:
        """Begin a table with its header row, which is repeated on each page."""
        table: Table = self._target.add_table(rows=0, cols=len(widths))
        table._tbl.tblStyle_val = self._styles.get("Prefill Table") or self._styles.get("Table Grid")
        table.autofit = False
        for column, width in zip(table.columns, widths, strict=True):
            column.width = width
        row = _new_row(table)
        row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        for cell, text in zip(row.cells, headings, strict=True):
            self._write(cell, text, "Prefill Source")
        _size(row, widths, "0")
        return table

    def _end(self, table: Table) -> None:
        self._made.append(table._tbl)
        self._made.append(self._styled(self._target.add_paragraph(), "Prefill Source")._p)

    def _answer(self, cell: _Cell, line: Line) -> None:
        self._write(cell, line.text, "Prefill Value")
        if line.note:
            self._styled(cell.add_paragraph(line.note), "Prefill Source")

    def _write(self, cell: _Cell, text: str, style: str) -> None:
        self._styled(cell.paragraphs[0], style).add_run(text)

    def _styled(self, paragraph: Paragraph, style: str) -> Paragraph:
        """Give a paragraph its style, where the template has it; by its id: a search by name reads every style."""
        paragraph._p.style = self._styles.get(style)
        return paragraph

    def move_before(self, marker: Paragraph | None) -> None:
        if marker is None:
            return
        for element in self._made:
            marker._p.addprevious(element)
        marker._p.getparent().remove(marker._p)


def _new_row(table: Table) -> _Row:
    row: _Row = table.add_row()  # type: ignore[no-untyped-call]
    return row


def _size(row: _Row, widths: Sequence[Cm], height: str = ROW) -> None:
    """Give the columns their widths, the row its least height, and keep it on one page."""
    for cell, width in zip(row.cells, widths, strict=True):
        cell.width = width
    properties = row._tr.get_or_add_trPr()
    least = OxmlElement("w:trHeight")
    least.set(qn("w:val"), height)
    least.set(qn("w:hRule"), "atLeast")
    properties.append(OxmlElement("w:cantSplit"))
    properties.append(least)
