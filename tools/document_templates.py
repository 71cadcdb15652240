"""Make the templates of documents that the service ships, docx and odt, from the libraries' own empty documents.

python tools/document_templates.py [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

import docx
import odfdo
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor

FOLDER = Path(__file__).resolve().parents[1] / "prefill" / "documents" / "templates"
FONT = "Liberation Sans"
INK, GREY = RGBColor(0x16, 0x16, 0x16), RGBColor(0x50, 0x50, 0x50)
# name, size in points, bold, italic, grey, space after in points
STYLES = (
    ("Prefill Label", 9, True, False, False, 0),
    ("Prefill Value", 10, False, False, False, 0),
    ("Prefill Source", 8, False, True, True, 0),
    ("Prefill Note", 10, False, False, False, 4),
)
MARGINS = (
    f"<w:tblPr {nsdecls('w')}><w:tblCellMar>"
    + "".join(
        f'<w:{side} w:w="{width}" w:type="dxa"/>'
        for side, width in (("top", 60), ("left", 110), ("bottom", 60), ("right", 110))
    )
    + "</w:tblCellMar></w:tblPr>"
)
HEADINGS = (("Title", "Title", 18), ("Heading 1", "Heading_20_1", 12), ("Heading 2", "Heading_20_2", 10))


def make_docx(path: Path) -> None:
    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2)
    _language(document)
    _font(document.styles["Normal"], 10)
    for name, _, size in HEADINGS:
        style = document.styles[name]
        _font(style, size)
        style.font.bold, style.font.color.rgb = True, INK
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(10), Pt(4)
        for border in style.element.iter(qn("w:pBdr")):
            border.getparent().remove(border)
            break
    for name, size, bold, italic, grey, after in STYLES:
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = document.styles["Normal"]
        _font(style, size)
        style.font.bold, style.font.italic = bold, italic
        style.font.color.rgb = GREY if grey else INK
        style.paragraph_format.space_after = Pt(after)
    table = document.styles.add_style("Prefill Table", WD_STYLE_TYPE.TABLE)
    table.base_style = document.styles["Table Grid"]
    table.element.append(parse_xml(MARGINS))
    document.add_paragraph("[[titre]]", style="Title")
    document.add_paragraph("[[description]]")
    document.add_paragraph("[[contenu]]")
    footer = section.footer.paragraphs[0]
    footer.style = document.styles["Prefill Source"]
    footer.add_run("[[titre]], établi le [[date]]")
    pages = section.footer.add_paragraph(style="Prefill Source")
    for code, text in (("PAGE", "Page "), ("NUMPAGES", " / ")):
        pages.add_run(text)
        _field(pages, code)
    document.save(str(path))


def _language(document: docx.document.Document) -> None:
    for element in document.styles.element.iter(qn("w:lang")):
        element.set(qn("w:val"), "fr-FR")


def _font(style: object, size: int) -> None:
    style.font.name, style.font.size = FONT, Pt(size)  # type: ignore[attr-defined]
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()  # type: ignore[attr-defined]
    for name in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{name}"), None)


def _field(paragraph: docx.text.paragraph.Paragraph, code: str) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), code)
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = "1"
    run.append(text)
    field.append(run)
    paragraph._p.append(field)


def make_odt(path: Path) -> None:
    document = odfdo.Document("text")
    document.body.clear()
    for name, size, bold, italic, grey, after in STYLES:
        document.insert_style(_odt_style(name, size, bold=bold, italic=italic, grey=grey, after=after))
    for name, odf, size in HEADINGS:
        document.insert_style(_odt_style(name, size, bold=True, italic=False, grey=False, after=4, odf=odf, before=10))
    document.body.append(odfdo.Paragraph("[[titre]]", style="Title"))
    document.body.append(odfdo.Paragraph("[[description]]", style="Prefill_20_Value"))
    document.body.append(odfdo.Paragraph("[[contenu]]", style="Prefill_20_Value"))
    document.styles.get_element("//style:page-layout-properties").set_attribute("fo:margin-left", "2cm")
    for layout in document.styles.get_elements("//style:page-layout-properties"):
        for side in ("top", "bottom", "left", "right"):
            layout.set_attribute(f"fo:margin-{side}", "2cm")
        layout.set_attribute("fo:page-width", "21cm")
        layout.set_attribute("fo:page-height", "29.7cm")
    master = document.styles.get_element("//style:master-page[@style:name='Standard']")
    footer = odfdo.Element.from_tag(
        '<style:footer><text:p text:style-name="Prefill_20_Source">[[titre]], établi le [[date]]</text:p>'
        '<text:p text:style-name="Prefill_20_Source">Page <text:page-number text:select-page="current">1</text:page-number>'
        " / <text:page-count>1</text:page-count></text:p></style:footer>"
    )
    for old in master.get_elements("style:footer"):
        old.delete()
    master.append(footer)
    for level in document.styles.get_elements("//text:outline-level-style"):
        level.set_attribute("style:num-format", "")
        level.set_attribute("style:num-suffix", "")
        level.del_attribute("loext:num-list-format")  # LibreOffice would number by it
    for properties in document.styles.get_elements("//style:default-style/style:text-properties"):
        properties.set_attribute("fo:language", "fr")
        properties.set_attribute("fo:country", "FR")
    document.save(path)


def _odt_style(
    name: str, size: int, *, bold: bool, italic: bool, grey: bool, after: int, odf: str = "", before: int = 0
) -> odfdo.Element:
    weight = ' fo:font-weight="bold"' if bold else ""
    slope = ' fo:font-style="italic"' if italic else ""
    color = "#505050" if grey else "#161616"
    level = {"Heading_20_1": ' style:default-outline-level="1"', "Heading_20_2": ' style:default-outline-level="2"'}
    return odfdo.Element.from_tag(
        f'<style:style style:family="paragraph" style:name="{odf or name.replace(" ", "_20_")}" '
        f'style:display-name="{name}" style:parent-style-name="Standard"{level.get(odf, "")}>'
        f'<style:paragraph-properties fo:margin-top="{before}pt" fo:margin-bottom="{after}pt"'
        f"{' fo:keep-with-next=' + chr(34) + 'always' + chr(34) if odf else ''}/>"
        f'<style:text-properties style:font-name="{FONT}" fo:font-size="{size}pt" fo:color="{color}"{weight}{slope}/>'
        "</style:style>"
    )


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    make_docx(folder / "document.docx")
    make_odt(folder / "document.odt")
