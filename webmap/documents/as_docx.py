"""A sheet as a Word document (.docx): an office's own letters, headings repeated over pages, pictures."""

from datetime import UTC
from io import BytesIO
from pathlib import Path

from docx import Document as new_document
from docx.document import Document as Word
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph

from webmap import language
from webmap.documents import charts, docx_tables, pictures
from webmap.documents.document import Document, Figure, Tabled
from webmap.language import gettext
from webmap.printing.paper import MM, use_fonts

EDGE_MM = 20
WIDE = (210 - 2 * EDGE_MM) * MM

LATIN = {"body": "Times New Roman", "head": "Arial"}
CHINESE = {"body": "仿宋", "head": "黑体", "title": "宋体"}
"""The letters that offices write in, which every computer there has; elsewhere Word takes its own."""


def write(document: Document, target: Path) -> int:
    """Write the file; returns how many tables it holds."""
    use_fonts()
    word = new_document()
    _set_page(word, document)
    _set_styles(word)
    word.add_paragraph(f"{document.community} {document.title}", style="Title")
    for line in (document.period, *document.lines, document.codes):
        word.add_paragraph(line, style="Subtitle")
    for part in document.parts:
        word.add_heading(part.heading, level=1)
        for sentence in part.sentences:
            said = word.add_paragraph(sentence, style="Body Text")
            # A heading and its sentences alone at the end of a page would tell of a table that is not there.
            said.paragraph_format.keep_with_next = bool(part.tables)
        for table in part.tables:
            _add_table(word, table)
    for note in document.notes:
        word.add_paragraph(note, style="Note")
    _add_signatures(word)
    word.save(str(target))
    return sum(1 for _ in document.tables())


def _set_page(word: Word, document: Document) -> None:
    section = word.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(EDGE_MM)
    section.top_margin, section.bottom_margin = Mm(25), Mm(20)
    section.header.paragraphs[0].text = f"{document.community} {document.title} {document.period}"
    foot = section.footer.paragraphs[0]
    foot.add_run(f"{document.foot}    ")
    _add_page_number(foot)
    facts = word.core_properties
    facts.title, facts.author = f"{document.community} {document.title} {document.period}", "gridpatrol"
    facts.created = facts.modified = document.sheet.made_at.astimezone(UTC).replace(tzinfo=None)
    facts.language = "zh-CN" if language.current() == "zh" else "en-GB"
    facts.comments = ""


def _add_page_number(paragraph: Paragraph) -> None:
    """Say "page x of y" in the reader's language; Word counts."""
    fields = {"\x01": "PAGE", "\x02": "NUMPAGES"}
    said = gettext("%(page)s of %(pages)s", page="\x01", pages="\x02")
    text = ""
    for letter in said:
        if letter in fields:
            paragraph.add_run(text)
            field = OxmlElement("w:fldSimple")
            field.set(qn("w:instr"), fields[letter])
            paragraph._p.append(field)
            text = ""
        else:
            text += letter
    paragraph.add_run(text)


def _set_styles(word: Word) -> None:
    """Give every style that is used its letters, Latin and Chinese."""
    styles = word.styles
    zh = language.current() == "zh"
    _set_letters(styles["Normal"], "body", 11)
    _set_letters(styles["Body Text"], "body", 12)
    styles["Body Text"].paragraph_format.first_line_indent = Pt(24) if zh else None
    styles["Body Text"].paragraph_format.space_after = Pt(4)
    _set_letters(styles["Title"], "title", 20, bold=True)
    _set_letters(styles["Subtitle"], "body", 10.5)
    _set_letters(styles["Heading 1"], "head", 15, bold=True)
    _set_letters(styles["Caption"], "head", 10.5, bold=True)
    for name in ("Header", "Footer"):
        _set_letters(styles[name], "body", 8.5)
    note = styles.add_style("Note", 1)
    note.base_style = styles["Normal"]
    _set_letters(note, "body", 9)
    note.paragraph_format.space_after = Pt(0)
    for name in ("Title", "Subtitle"):
        styles[name].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
        styles[name].paragraph_format.space_after = Pt(2)
    styles["Caption"].paragraph_format.keep_with_next = True
    styles["Caption"].paragraph_format.space_before = Pt(10)
    styles["Caption"].paragraph_format.space_after = Pt(2)
    border = styles["Title"].element.pPr.find(qn("w:pBdr"))
    if border is not None:
        styles["Title"].element.pPr.remove(border)


def _set_letters(style: ParagraphStyle, role: str, size: float, *, bold: bool = False) -> None:
    style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
    style.font.color.rgb = RGBColor(0x1F, 0x1D, 0x1A)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    # A theme's letters would win over these.
    for name in list(fonts.attrib):
        del fonts.attrib[name]
    for apart in style.element.rPr.findall(qn("w:spacing")):
        style.element.rPr.remove(apart)
    latin = LATIN["head" if role == "head" else "body"]
    for name, value in (("ascii", latin), ("hAnsi", latin), ("cs", latin), ("eastAsia", CHINESE[role])):
        fonts.set(qn(f"w:{name}"), value)


def _add_table(word: Word, table: Tabled) -> None:
    word.add_paragraph(f"{table.name} {table.title}", style="Caption")
    of = word.add_paragraph(table.of, style="Note")
    of.paragraph_format.keep_with_next = True
    if table.rows:
        word.element.body.insert_element_before(docx_tables.made(table, WIDE, style="Note"), "w:sectPr")
    else:
        word.add_paragraph(gettext("None in this period."), style="Body Text")
    for line in (*table.formulas, *table.notes):
        word.add_paragraph(line, style="Note")
    for name, figure in table.figures:
        _add_figure(word, name, figure)


def _add_figure(word: Word, name: str, figure: Figure) -> None:
    picture = pictures.of_chart(figure, WIDE) if isinstance(figure, charts.Told) else pictures.of_map(figure, WIDE)
    holder = word.add_paragraph()
    holder.paragraph_format.keep_with_next = True
    holder.paragraph_format.space_before = Pt(6)
    shown = holder.add_run().add_picture(BytesIO(picture.png), width=Pt(picture.width))
    # What is read aloud in place of the picture.
    shown._inline.docPr.set("descr", figure.title)
    below = word.add_paragraph(f"{name} {figure.title}", style="Note")
    below.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _add_signatures(word: Word) -> None:
    names = [gettext("Made by:"), gettext("Checked by:"), gettext("In charge:"), gettext("Date:")]
    space = word.add_paragraph()
    space.paragraph_format.space_before = Pt(18)
    space.paragraph_format.keep_with_next = True
    made = word.add_table(1, len(names))
    for cell, name in zip(made.rows[0].cells, names, strict=True):
        cell.paragraphs[0].add_run(name)
