"""A sheet as an Excel workbook (.xlsx): a page that tells, then one page a table, with figures to go on reckoning with.

Codes are text, rates and days are what Excel takes for such, totals that are sums are formulas. A formula's value is
kept with it, because previews on phones do not reckon.
"""

import re
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.drawing.image import Image
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from patrols.periodic import Amount, Change, ChangeUnit, Kind
from patrols.periodic import Cell as Figure
from patrols.rates import Rate
from webmap.documents import charts, excel_charts, pictures
from webmap.documents.document import Document, Tabled
from webmap.documents.excel_paper import Paper, fit_to_width, set_foot
from webmap.documents.kept_values import keep_values
from webmap.documents.wording import Wording, plain, rounded
from webmap.language import gettext
from webmap.printing.paper import use_fonts

FORMATS = {
    Kind.COUNT: "#,##0",
    Kind.METRES: "#,##0",
    Kind.MINUTES: "#,##0",
    Kind.AREA: "#,##0",
    Kind.HOURS: "#,##0.0",
    Kind.SHARE: "0.0%",
    Kind.RATE: "0.00%",
}
"""How Excel writes the figures of a column; it rounds as the other files do."""
PLAIN = "#,##0.00"

HEAD_ROW = 4
"""Row of the headings: above are the title, what is counted, and when."""
NARROWEST, WIDEST = 9.0, 42.0
MAP_POINTS = 460.0

LETTERS = "Microsoft YaHei"
"""What every office's Excel has for Chinese and Latin alike."""


def _font(size: float = 10, **how: Any) -> Font:
    return Font(name=LETTERS, size=size, **how)


BOLD, QUIET, TEXT = _font(bold=True), _font(9, color="6C6861"), _font()
RULE = Side(style="thin", color="D8D4CC")
BOX = Border(left=RULE, right=RULE, top=RULE, bottom=RULE)
SHADE = PatternFill("solid", fgColor="F1EFEA")


def write(document: Document, target: Path) -> int:
    """Write the file; returns how many tables it holds."""
    use_fonts()
    book = Workbook()
    first = book.worksheets[0]
    first.title = gettext("Overview")
    pages = _Pages(document, book)
    for table in document.tables():
        pages.add(table)
    book.move_sheet(pages.data, len(pages.names))
    if pages.data.max_row == 1:
        book.remove(pages.data)
    _tell(first, document, pages.names)
    facts = book.properties
    facts.title, facts.creator = f"{document.community} {document.title} {document.period}", "gridpatrol"
    book.save(target)
    keep_values(target, pages.values)
    return len(pages.names)


class _Pages:
    """The pages of a workbook, one a table; `values` holds what the formulas come to: by page, by cell."""

    def __init__(self, document: Document, book: Workbook) -> None:
        self.document, self.book = document, book
        self.names: dict[str, str] = {}
        self.values: dict[str, dict[str, float]] = {}
        self.data = book.create_sheet(gettext("Data of charts"))
        self.data.column_dimensions["A"].width = WIDEST

    def add(self, table: Tabled) -> None:
        """Add the page of a table."""
        name = _page_name(f"{len(self.names) + 1} {table.title}")
        self.names[table.name] = name
        page = self.book.create_sheet(name)
        _write_text(page.cell(1, 1), f"{table.name} {table.title}").font = _font(14, bold=True)
        paper = Paper(page, _widths(self.document, table))
        paper.set_height(1, 24)
        paper.say(2, f"{self.document.community} {self.document.period}", QUIET)
        paper.say(3, table.of, QUIET)
        self.values[name] = _fill(page, table, self.document.wording)
        _hold_headings(page, table, paper)
        below = _write_below(paper, table, HEAD_ROW + len(table.rows) + (table.total is not None) + 2)
        for _, figure in table.figures:
            row = below
            if isinstance(figure, charts.Told):
                below = excel_charts.add(page, row, figure, self.data)
            else:
                below = _add_map(page, pictures.of_map(figure, MAP_POINTS), row)
            paper.keep_whole(row, below)
        paper.lay(self.document.foot, below)


def _page_name(wanted: str) -> str:
    """A name that Excel takes: at most 31 characters and none that means something to it."""
    return re.sub(r"[\[\]:*?/\\']", " ", wanted)[:31].strip()


def _write_text(cell: Any, text: str) -> Any:
    """Write a text that stays one, whatever it begins with."""
    cell.value = text
    cell.data_type = "s"
    return cell


def _fill(page: Worksheet, table: Tabled, wording: Wording) -> dict[str, float]:
    """Write headings, rows and total; returns what the formulas of the total come to."""
    for i, heading in enumerate(table.headings, start=1):
        cell = _write_text(page.cell(HEAD_ROW, i), heading)
        cell.font, cell.fill, cell.border = BOLD, SHADE, BOX
        cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
    for at, row in enumerate(table.table.rows, start=HEAD_ROW + 1):
        for i, (figure, column) in enumerate(zip(row, table.table.columns, strict=True), start=1):
            cell = page.cell(at, i)
            cell.border, cell.font = BOX, TEXT
            _write(cell, figure, column.kind, wording)
    return _total(page, table, wording) if table.table.total is not None else {}


def _total(page: Worksheet, table: Tabled, wording: Wording) -> dict[str, float]:
    total, columns = table.table.total or (), table.table.columns
    first, at = HEAD_ROW + 1, HEAD_ROW + len(table.rows) + 1
    values: dict[str, float] = {}
    for i, (figure, column) in enumerate(zip(total, columns, strict=True)):
        cell = page.cell(at, i + 1)
        cell.border, cell.fill = BOX, SHADE
        if column.summed and isinstance(figure, int | float) and _adds_up(table, i, figure):
            letter = get_column_letter(i + 1)
            cell.value = f"=SUM({letter}{first}:{letter}{at - 1})"
            cell.number_format = FORMATS.get(column.kind, PLAIN)
            values[cell.coordinate] = float(figure)
        elif i == 0:
            _write_text(cell, (table.total or [""])[0])
        elif figure is not None:
            _write(cell, figure, column.kind, wording)
        cell.font = BOLD
    return values


def _adds_up(table: Tabled, column: int, total: float) -> bool:
    """Whether a total is the sum of what stands above it: else a formula would tell another figure."""
    figures = [row[column] for row in table.table.rows]
    return bool(figures) and abs(sum(f for f in figures if isinstance(f, int | float)) - total) < 1e-6 * max(1, total)


def _write(cell: Cell | MergedCell, figure: Figure, kind: Kind, wording: Wording) -> None:
    """Write one figure as what it is."""
    value, number_format = _valued(figure, kind, wording)
    if isinstance(value, str):
        _write_text(cell, value)
        cell.number_format = "@"
        cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="right" if value == "–" else None)
    else:
        cell.value, cell.number_format = value, number_format


def _valued(figure: Figure, kind: Kind, wording: Wording) -> tuple[Any, str]:
    if isinstance(figure, Rate):
        # As it is printed, to the last digit: halves of a binary fraction would be rounded by chance.
        share = None if figure.share is None else rounded(100 * figure.part / figure.whole, 2) / 100
        return ("–", "@") if share is None else (float(share), FORMATS[Kind.RATE])
    if isinstance(figure, Change):
        return _changed(figure)
    if isinstance(figure, Amount):
        return _measured(figure, wording)
    if isinstance(figure, datetime):
        return figure.astimezone(wording.zone).replace(tzinfo=None), "yyyy-mm-dd hh:mm"
    if isinstance(figure, date):
        return figure, "yyyy-mm-dd"
    if isinstance(figure, int | float) and figure == figure:
        return figure, FORMATS.get(kind, "#,##0" if isinstance(figure, int) else PLAIN)
    if kind is Kind.CODE and isinstance(figure, str):
        return plain(figure), "@"
    return wording.cell(figure, kind), "@"


def _changed(change: Change) -> tuple[Any, str]:
    if change.unit is ChangeUnit.PERCENT:
        return float(rounded(change.by, 1) / 100), "+0.0%;−0.0%;0.0%"
    if change.unit is ChangeUnit.POINTS:
        unit = gettext("%(points)s points", points="").replace('"', "")
        return float(rounded(change.by, 2)), f'+0.00"{unit}";−0.00"{unit}";0.00"{unit}"'
    return float(rounded(change.by, 0)), "+#,##0;−#,##0;0"


def _measured(amount: Amount, wording: Wording) -> tuple[Any, str]:
    said = wording.cell(amount)
    unit = re.sub(r"^[−\-\d.,%]+", "", said).replace('"', "")
    number_format = FORMATS.get(amount.kind, PLAIN)
    return amount.value, f'{number_format}"{unit}"' if unit else number_format


def _write_below(paper: Paper, table: Tabled, row: int) -> int:
    for line in (*table.formulas, *table.notes):
        paper.say(row, line, QUIET)
        row += 1
    return row + 1


def _widths(document: Document, table: Tabled) -> list[float]:
    """How wide each column is, in letters: headings take two lines, but no word of them is broken."""
    found = []
    for i, heading in enumerate(table.headings):
        cells = [row[i] for row in table.rows] + ([table.total[i]] if table.total else [])
        words = [1.2 * charts.breadth(word) for word in heading.split() if word.isascii()]
        wide = max([charts.breadth(heading) / 2 + 2, *words, *(charts.breadth(cell) for cell in cells)]) + 2.0
        if table.table.columns[i].kind is Kind.CODE:
            wide = max(wide, len(document.wording.code) + 6.0)
        found.append(min(max(wide, NARROWEST), WIDEST))
    return found


def _hold_headings(page: Worksheet, table: Tabled, paper: Paper) -> None:
    """Keep the headings in sight, on the screen and on each sheet of paper."""
    paper.set_height(HEAD_ROW, 32)
    page.freeze_panes = f"B{HEAD_ROW + 1}"
    if table.rows:
        last = page.cell(HEAD_ROW + len(table.rows), len(table.headings))
        page.auto_filter.ref = f"A{HEAD_ROW}:{last.coordinate}"
    page.print_title_rows = f"{HEAD_ROW}:{HEAD_ROW}"


def _add_map(page: Worksheet, picture: pictures.Picture, row: int) -> int:
    """Put a picture below; returns the first row under it."""
    image = Image(BytesIO(picture.png))
    image.width, image.height = int(picture.width * 96 / 72), int(picture.height * 96 / 72)
    page.add_image(image, f"A{row}")
    return row + int(picture.height / 15) + 2


def _tell(page: Worksheet, document: Document, names: dict[str, str]) -> None:
    """The first page: what this is, what it says in words, and where each table is."""
    page.column_dimensions["A"].width = 100
    lines: list[tuple[str, Font, str]] = [
        (f"{document.community} {document.title}", _font(18, bold=True), ""),
        (document.period, _font(12), ""),
        *((line, QUIET, "") for line in document.lines),
    ]
    for part in document.parts:
        lines.append((part.heading, _font(13, bold=True, color="A8121B"), ""))
        lines += [(sentence, TEXT, "") for sentence in part.sentences]
        lines += [
            (f"{table.name} {table.title}", _font(color="0B4A80", underline="single"), names[table.name])
            for table in part.tables
        ]
    lines += [(note, QUIET, "") for note in document.notes]
    for row, (text, font, leads_to) in enumerate(lines, start=1):
        cell = _write_text(page.cell(row, 1), text)
        cell.font, cell.alignment = font, Alignment(wrap_text=True, vertical="center")
        # Else a viewer that does not measure letters lets large ones lie over each other.
        page.row_dimensions[row].height = 1.7 * float(font.size) * -(-charts.breadth(text) * float(font.size) // 1050)
        if leads_to:
            cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{leads_to}'!A1")
    signs = [gettext("Made by:"), gettext("Checked by:"), gettext("In charge:"), gettext("Date:")]
    _write_text(page.cell(len(lines) + 3, 1), (" " * 16).join(signs))
    fit_to_width(page)
    page.page_setup.fitToHeight = 1
    set_foot(page, document.foot)
