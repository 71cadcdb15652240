"""A table as a spreadsheet (Office Open XML) whose cells are texts: none is a formula, a link or a number."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

WIDTHS = (34, 22, 48, 48, 36, 36, 28)  # of the columns of candidates, in characters
OPTIONS = {
    "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
}  # fmt: skip


def write_table(rows: Sequence[Sequence[str]], *, title: str) -> bytes:
    """Write the rows, the first of which is the heading; `title` is in the document's properties."""
    from xlsxwriter import Workbook  # only where somebody downloads one

    body = BytesIO()
    with Workbook(body, OPTIONS) as book:
        book.set_properties({"title": title})
        sheet = book.add_worksheet("Candidats")
        # `quote_prefix` keeps a text a text when somebody edits its cell.
        style = {"text_wrap": True, "valign": "top", "quote_prefix": True}
        plain, heading = book.add_format(style), book.add_format({**style, "bold": True})
        for line, row in enumerate(rows):
            for column, text in enumerate(row):
                sheet.write_string(line, column, text, plain if line else heading)
        for column, width in enumerate(WIDTHS):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(1, len(rows) - 1), max(0, len(rows[0]) - 1))
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
    return body.getvalue()
