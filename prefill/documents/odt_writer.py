"""A document in OpenDocument (LibreOffice), on a template whose styles, header and footer are kept."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from odfdo import Cell, Element, Header, HeaderRows, Paragraph, Row, Table
from odfdo import Document as Odt

from prefill.documents.model import COMPANY, Document, Line, Part, Section
from prefill.documents.templates_folder import CONTENT, replaced

CELL, LABELS, ANSWERS, TABLE, ROW = "PrefillCell", "PrefillLabels", "PrefillAnswers", "PrefillTable", "PrefillRow"
COMPANIES, COLUMN, SIGNING = "PrefillCompanies", "PrefillColumn{}", "PrefillSigning"
# family, name, properties
STYLES = (
    ("table", TABLE, 'style:width="17cm" table:align="left"'),
    ("table-column", LABELS, 'style:column-width="6.2cm"'),
    ("table-column", ANSWERS, 'style:column-width="10.8cm"'),
    ("table-column", COMPANIES, 'style:column-width="4.5cm"'),
    *(("table-column", COLUMN.format(count), f'style:column-width="{12.5 / count:.2f}cm"') for count in (1, 2, 3)),
    ("table-row", SIGNING, 'style:min-row-height="3cm" fo:keep-together="always"'),
    ("table-row", ROW, 'style:min-row-height="0.8cm" fo:keep-together="always"'),
    ("table-cell", CELL, 'fo:border="0.5pt solid #888888" fo:padding="0.12cm"'),
)


def write(document: Document, template: Path) -> bytes:
    target = Odt(str(template))
    target.meta.title, target.meta.language = document.title, "fr-FR"
    _insert_styles(target)
    marker = _fill_placeholders(target, document)
    place = marker.parent if marker is not None else None
    for element in _content(document):
        if marker is None or place is None:
            target.body.append(element)
        else:
            place.insert(element, position=place.index(marker))
    if marker is not None:
        marker.delete()
    stream = io.BytesIO()
    target.save(stream)
    return stream.getvalue()


def _insert_styles(target: Odt) -> None:
    """Add what tables need: in OpenDocument they take no style of the template."""
    for family, name, properties in STYLES:
        style = f"<style:{family}-properties {properties}/>"
        target.insert_style(
            f'<style:style style:family="{family}" style:name="{name}">{style}</style:style>', automatic=True
        )


def _fill_placeholders(target: Odt, document: Document) -> Element | None:
    """Put values in the place of their names. Return the paragraph where the content goes."""
    replace = replaced(document.placeholders())
    marker = None
    for paragraph in (*target.body.get_elements("//text:p|//text:h"), *target.styles.get_elements("//text:p")):
        text = paragraph.text_recursive
        if text.strip() == CONTENT:
            marker = paragraph
        elif "[[" in text:
            _rewrite(paragraph, replace(text))
    return marker


def _rewrite(paragraph: Element, text: str) -> None:
    """Write a paragraph anew: editors cut a name into several spans."""
    for child in paragraph.children:
        paragraph.delete(child, keep_tail=False)
    paragraph.text = text


def _content(document: Document) -> Iterator[Element]:
    for warning in document.warnings:
        yield _paragraph(warning, "Prefill_20_Note")
    rank = count(1)
    for section in document.sections:
        if section.title:
            yield Header(1, section.title, style="Heading_20_1", formatted=False)
        if section.grid:
            yield _grid(section, f"Prefill{next(rank)}")
            yield _paragraph("", "Prefill_20_Source")
            continue
        for part in section.parts:
            if part.title:
                yield Header(2, part.title, style="Heading_20_2", formatted=False)
            if part.note:
                yield _paragraph(part.note, "Prefill_20_Source")
            yield _table(part, f"Prefill{next(rank)}")
            yield _paragraph("", "Prefill_20_Source")


def _table(part: Part, name: str) -> Table:
    table = _new_table(name, (LABELS, ANSWERS), ("Champ", "Réponse"))
    for line in part.lines:
        table.append(_row(SIGNING if line.tall else ROW, _cell((line.label, "Prefill_20_Label")), _answer(line)))
    return table


def _grid(section: Section, name: str) -> Table:
    labels = [line.label for line in section.parts[0].lines]
    columns = (COMPANIES, *(COLUMN.format(len(labels)) for _ in labels))
    table = _new_table(name, columns, (COMPANY, *labels))
    for part in section.parts:
        table.append(_row(ROW, _cell((part.title, "Prefill_20_Label")), *map(_answer, part.lines)))
    return table


def _new_table(name: str, columns: Sequence[str], headings: Sequence[str]) -> Table:
    """Begin a table with its header row, which is repeated on each page."""
    table = Table(name, style=TABLE)
    for style in columns:
        table.append(Element.from_tag(f'<table:table-column table:style-name="{style}"/>'))
    header = HeaderRows()
    header.append(_row("", *(_cell((text, "Prefill_20_Source")) for text in headings)))
    table.append(header)
    return table


def _answer(line: Line) -> Cell:
    note = ((line.note, "Prefill_20_Source"),) if line.note else ()
    return _cell((line.text, "Prefill_20_Value"), *note)


def _row(style: str, *cells: Cell) -> Row:
    row = Row(style=style or None)
    for cell in cells:
        row.append(cell)
    return row


def _cell(*texts: tuple[str, str]) -> Cell:
    cell = Cell(style=CELL)
    for text, style in texts:
        cell.append(_paragraph(text, style))
    return cell


def _paragraph(text: str, style: str) -> Paragraph:
    return Paragraph(text, style=style)
