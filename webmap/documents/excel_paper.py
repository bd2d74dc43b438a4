"""How a page of a workbook lies on paper: no wider than A4, no line of words cut, no chart torn by the end of a sheet.

The program that prints makes the page as narrow as A4; how much it holds then is only guessed here, for every office
has other letters.
"""

from collections.abc import Sequence
from typing import Any

from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from webmap.documents.charts import breadth
from webmap.language import gettext

PAPER = (595.0, 842.0)
MARGIN, HEAD_FOOT = 36.0, 54.0
"""Points: of A4, beside what is printed, and above and below it."""

UNIT, PADDING = 5.25, 3.75
"""Points of a column: for each letter of its width, and besides."""

USUAL_COLUMN, USUAL_ROW = 48.0, 15.0
FIGURE = 490.0
"""How wide a chart or a map is, in points."""

LETTER = 4.9
"""Points of a small letter; a Chinese one is two."""

LINE = 13.5
MOST_UPRIGHT, SMALLEST = 8, 0.6
"""Tables of more columns are laid across, and those whose letters would be smaller than that share of their size."""

SLACK = 0.9
"""So much of a sheet is thought to be filled before a chart goes to the next one."""


class Paper:
    """The paper of one page, after the columns have their widths.

    Parameters
    ----------
    widths : sequence of float
        Of the table's columns, in Excel's letters.
    """

    def __init__(self, page: Worksheet, widths: Sequence[float]) -> None:
        self.page = page
        for i, wide in enumerate(widths, start=1):
            page.column_dimensions[get_column_letter(i)].width = wide
        points = [wide * UNIT + PADDING for wide in widths]
        while sum(points) < FIGURE:
            points.append(USUAL_COLUMN)
        self.columns, self.wide = len(points), sum(points)
        self.across = len(widths) > MOST_UPRIGHT or SMALLEST * self.wide > PAPER[0] - 2 * MARGIN
        self.heights: dict[int, float] = {}
        self.sheet_begins = 1

    def set_height(self, row: int, points: float) -> None:
        """Give a row its height."""
        self.page.row_dimensions[row].height = self.heights[row] = points

    def say(self, row: int, text: str, font: Font) -> None:
        """Write a text over all columns, in as many lines as it takes."""
        cell: Any = self.page.cell(row, 1, text)
        cell.data_type, cell.font = "s", font
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        self.page.merge_cells(start_row=row, end_row=row, start_column=1, end_column=self.columns)
        self.set_height(row, LINE * -(-breadth(text) * LETTER // self.wide))

    def keep_whole(self, row: int, below: int) -> None:
        """Begin a new sheet at a row where what reaches down to `below` would, or might, be torn."""
        above = self._high(self.sheet_begins, row)
        if above + self._high(row, below) > SLACK * self._room and above > 0:
            self.page.row_breaks.append(Break(id=row - 1))
            self.sheet_begins = row

    def lay(self, foot: str, last_row: int) -> None:
        """Set size, margins and foot."""
        page: Any = self.page
        fit_to_width(page, across=self.across)
        page.print_area = f"A1:{get_column_letter(self.columns)}{last_row}"
        margins = page.page_margins
        margins.left = margins.right = MARGIN / 72
        margins.top = margins.bottom = HEAD_FOOT / 72
        set_foot(page, foot)

    @property
    def _room(self) -> float:
        """How much of the page's height goes onto one sheet, in points."""
        wide, high = PAPER[::-1] if self.across else PAPER
        return (high - 2 * HEAD_FOOT) / min(1.0, (wide - 2 * MARGIN) / self.wide)

    def _high(self, first: int, end: int) -> float:
        """How high rows are, in points."""
        return sum(self.heights.get(row, USUAL_ROW) for row in range(first, end))


def fit_to_width(page: Any, *, across: bool = False) -> None:
    """Print a page on A4, as narrow as that and as long as it is."""
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.orientation = "landscape" if across else "portrait"
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.page_setup.fitToHeight = 0


def set_foot(page: Any, foot: str) -> None:
    """Write what stands below each sheet: for whom it is, and its number."""
    page.oddFooter.left.text, page.oddFooter.left.size = foot.replace("&", "&&"), 7
    number = gettext("%(page)s of %(pages)s", page="&P", pages="&N")
    page.oddFooter.right.text, page.oddFooter.right.size = number, 7
