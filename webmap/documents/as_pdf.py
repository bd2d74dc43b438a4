"""A sheet as a PDF (A4): flowing text and tables, a head and a foot on every page, lines to sign on at the end."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO
from xml.sax.saxutils import escape

from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

from webmap import language
from webmap.documents import charts, grid_map
from webmap.documents.columns import APART, PAD, after_figures, fitted
from webmap.documents.document import Document, Figure, Part, Tabled
from webmap.language import gettext
from webmap.printing.paper import HAIR, INK, MM, QUIET, RED, Paper, use_fonts, width_of

EDGE, TOP, BOTTOM = 18 * MM, 22 * MM, 18 * MM
WIDE = A4[0] - 2 * EDGE
BLACK, GREY, HEADING, THIN = map(HexColor, (INK, QUIET, RED, HAIR))
FEW = 14
"""Tables of no more rows are not torn apart over two pages."""


def write(document: Document, target: Path | BinaryIO) -> int:
    """Write the PDF; returns how many pages it has. The same figures give the same bytes."""
    use_fonts()
    template = _Template(document, target)
    template.build(list(_Story(document).flowables()), canvasmaker=_Counting)
    return int(template.page)


class _Template(BaseDocTemplate):
    """Pages with head and foot."""

    def __init__(self, document: Document, target: Path | BinaryIO) -> None:
        title = f"{document.community} {document.title} {document.period}"
        file = str(target) if isinstance(target, Path) else target
        zh = language.current() == "zh"
        super().__init__(
            file,
            pagesize=A4,
            title=title,
            creator="gridpatrol",
            producer="gridpatrol",
            author=document.community,
            lang="zh-CN" if zh else "en",
            invariant=1,
        )
        frame = Frame(EDGE, BOTTOM, WIDE, A4[1] - TOP - BOTTOM, leftPadding=0, rightPadding=0, topPadding=0)
        self.addPageTemplates(PageTemplate(frames=[frame], onPage=self._furnish))
        self.head, self.foot = title, document.foot

    def _furnish(self, canvas: Canvas, _template: Any) -> None:
        paper = Paper.over(canvas, A4)
        if self.page > 1:
            paper.text(self.head, EDGE, A4[1] - 14 * MM, 8, colour=QUIET, width=WIDE)
            paper.rule(EDGE, A4[1] - 16 * MM, WIDE)
        paper.rule(EDGE, 13 * MM, WIDE)
        paper.text(self.foot, EDGE, 9.5 * MM, 7, colour=QUIET, width=WIDE * 0.8)

    def afterFlowable(self, flowable: Flowable) -> None:
        """Let the reader's list of contents lead to each section."""
        if isinstance(flowable, _Heading):
            self.canv.bookmarkPage(flowable.key)
            self.canv.addOutlineEntry(flowable.getPlainText(), flowable.key, level=0)


class _Heading(Paragraph):
    """The heading of a section, to which the list of contents leads."""

    def __init__(self, text: str, style: ParagraphStyle, key: str) -> None:
        super().__init__(text, style)
        self.key = key


class _Counting(Canvas):
    """Says on every page how many there are, which is known only at the end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self.kept.append(dict(self.__dict__))
        # What a page of its own does when it ends, without writing it yet.
        start: Callable[[], None] = getattr(self, "_startPage")  # noqa: B009  the stubs do not know it
        start()

    def save(self) -> None:
        for number, page in enumerate(self.kept, start=1):
            self.__dict__.update(page)
            at = gettext("%(page)s of %(pages)s", page=number, pages=len(self.kept))
            Paper.over(self, A4).text(at, A4[0] - EDGE, 9.5 * MM, 7, colour=QUIET, align="right")
            super().showPage()
        super().save()


class _Room(Flowable):
    """Room in the text for a map."""

    def __init__(self, told: grid_map.Drawn, width: float) -> None:
        super().__init__()
        self.told, self.width, self.height = told, width, grid_map.height_of(width)

    def draw(self) -> None:
        grid_map.draw(Paper.over(self.canv, (self.width, self.height)), self.told)


class _Story:
    """The document as what flows down the pages."""

    def __init__(self, document: Document) -> None:
        self.document = document
        wrap = "CJK" if language.current() == "zh" else None
        base = ParagraphStyle("text", fontName="Regular", fontSize=10, leading=16, textColor=BLACK, wordWrap=wrap)
        self.wrap = wrap
        self.text = ParagraphStyle("indented", base, firstLineIndent=20 if wrap else 0, spaceAfter=3)
        self.title = ParagraphStyle(
            "title", base, fontName="Bold", fontSize=20, leading=28, alignment=TA_CENTER, spaceAfter=2
        )
        self.middle = ParagraphStyle("middle", base, alignment=TA_CENTER, spaceAfter=4)
        self.quiet = ParagraphStyle("quiet", base, fontSize=8, leading=12, textColor=GREY)
        self.centred = ParagraphStyle("centred", self.quiet, alignment=TA_CENTER)
        self.heading = ParagraphStyle(
            "heading",
            base,
            fontName="Bold",
            fontSize=13,
            leading=20,
            textColor=HEADING,
            spaceBefore=14,
            spaceAfter=4,
        )
        self.caption = ParagraphStyle("caption", base, fontName="Bold", fontSize=10, leading=15, spaceBefore=8)

    def flowables(self) -> Iterator[Flowable]:
        document = self.document
        yield Paragraph(escape(f"{document.community} {document.title}"), self.title)
        yield Paragraph(escape(document.period), self.middle)
        for line in (*document.lines, document.codes):
            yield Paragraph(escape(line), self.centred)
        for part in document.parts:
            yield from self._part(part)
        for note in document.notes:
            yield Paragraph(escape(note), self.quiet)
        yield KeepTogether([Spacer(1, 14 * MM), self._signatures()])

    def _part(self, part: Part) -> Iterator[Flowable]:
        """A section; its heading stays with what it is the heading of."""
        opening: list[Flowable] = [_Heading(escape(part.heading), self.heading, part.key)]
        opening += [Paragraph(escape(sentence), self.text) for sentence in part.sentences]
        for table in part.tables:
            yield from self._table(table, opening)
            opening = []
        if opening:
            yield KeepTogether(opening)

    def _table(self, table: Tabled, opening: list[Flowable]) -> Iterator[Flowable]:
        whole: list[Flowable] = [
            *opening,
            Paragraph(escape(f"{table.name} {table.title}"), self.caption),
            Paragraph(escape(table.of), self.quiet),
            tabled(table, self.wrap) if table.rows else Paragraph(escape(gettext("None in this period.")), self.text),
            *(Paragraph(escape(line), self.quiet) for line in (*table.formulas, *table.notes)),
        ]
        if len(table.rows) <= FEW:
            yield KeepTogether(whole)
        else:
            yield CondPageBreak((34 + 14 * len(opening)) * MM)
            yield from whole
        for name, figure in table.figures:
            yield self._figure(name, figure)

    def _figure(self, name: str, figure: Figure) -> Flowable:
        shown: Drawing | _Room = (
            charts.drawing_of(figure, WIDE) if isinstance(figure, charts.Told) else _Room(figure, WIDE)
        )
        return KeepTogether([Spacer(1, 8), shown, Paragraph(escape(f"{name} {figure.title}"), self.centred)])

    def _signatures(self) -> Flowable:
        ink = ParagraphStyle("sign", self.text, firstLineIndent=0)
        names = [gettext("Made by:"), gettext("Checked by:"), gettext("In charge:"), gettext("Date:")]
        return Table([[Paragraph(escape(name), ink) for name in names]], colWidths=[WIDE / 4] * 4)


def tabled(table: Tabled, wrap: str | None) -> Table:
    """A table as wide as the page, its headings repeated on every page it runs over."""
    size, widths = fitted(table, WIDE)
    cell = ParagraphStyle(
        "cell", fontName="Regular", fontSize=size, leading=size * 1.35, textColor=BLACK, wordWrap=wrap
    )
    right = ParagraphStyle("right", cell, alignment=TA_RIGHT)
    head, head_right = (ParagraphStyle(one.name + "-head", one, fontName="Bold") for one in (cell, right))

    def row(texts: list[str], left: ParagraphStyle, end: ParagraphStyle) -> list[Paragraph]:
        return [Paragraph(escape(text), end if i in table.right else left) for i, text in enumerate(texts)]

    def headed(i: int, heading: str) -> Paragraph:
        """A unit stands whole on a line of its own where it does not fit beside the name."""
        fits = width_of(heading, size, bold=True) <= widths[i] - PAD
        told = escape(heading) if fits else escape(heading).replace("（", "<br/>（")
        return Paragraph(told, head_right if i in table.right else head)

    rows = [
        [headed(i, one) for i, one in enumerate(table.headings)],
        *(row(texts, cell, right) for texts in table.rows),
    ]
    rules: list[tuple[Any, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LINEABOVE", (0, 0), (-1, 0), 0.9, BLACK),
        ("LINEBELOW", (0, 0), (-1, 0), 0.6, BLACK),
        ("LINEBELOW", (0, 1), (-1, -1), 0.3, THIN),
        ("LINEBELOW", (0, -1), (-1, -1), 0.9, BLACK),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
        ("LEFTPADDING", (0, 0), (-1, -1), PAD / 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), PAD / 2),
        *(("LEFTPADDING", (i, 0), (i, -1), PAD / 2 + APART) for i in after_figures(table)),
    ]
    if table.total is not None:
        rows.append(row(table.total, head, head_right))
        rules.append(("LINEABOVE", (0, -1), (-1, -1), 0.6, BLACK))
        # A total alone on a page is of nothing.
        rules.append(("NOSPLIT", (0, -min(4, len(rows) - 1)), (-1, -1)))
    return Table(rows, colWidths=widths, repeatRows=1, style=rules, spaceBefore=3, spaceAfter=3, hAlign="LEFT")
