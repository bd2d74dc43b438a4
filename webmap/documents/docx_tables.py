"""Tables of a Word document, written as its own markup: a thousand cells in a few milliseconds."""

from collections.abc import Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from webmap.documents.columns import fitted
from webmap.documents.document import Tabled

TWENTIETHS = 20
"""Word measures widths in twentieths of a point, and letters in halves."""
MARGINS = {"top": 15, "left": 50, "bottom": 15, "right": 50}
LINES = ("top", "left", "bottom", "right", "insideH", "insideV")
SHADE = "F1EFEA"

SHORT, BEGIN, END = 10, 3, 4
"""A table of no more rows is never torn; of longer ones so many at the beginning and at the end stay together."""


def made(table: Tabled, room: float, *, style: str) -> Any:
    """A table as an element of a document's body.

    Its headings stand on every page it runs over, no row is torn apart, no short table either; the first rows stay with
    the headings, and the last ones with the total.

    Parameters
    ----------
    room : float
        Width of the page between its margins, in points.
    style : str
        Id of the style of the cells' paragraphs.
    """
    size, widths = fitted(table, room)
    rows = [table.headings, *table.rows, *([table.total] if table.total else [])]
    writer = _Rows(table, [round(width * TWENTIETHS) for width in widths], round(2 * size), style)
    told = (
        writer.row(texts, head=i == 0, bold=i == 0 or texts is table.total, kept=_kept(i, len(rows), table))
        for i, texts in enumerate(rows)
    )
    return parse_xml(f"<w:tbl {nsdecls('w')}>{writer.properties()}{''.join(told)}</w:tbl>")


def _kept(row: int, rows: int, table: Tabled) -> bool:
    """Whether a row stays on the page of the next."""
    if row >= rows - 1:
        return False
    return rows <= SHORT or row < BEGIN or (table.total is not None and row >= rows - END)


class _Rows:
    """Writes the rows of one table."""

    def __init__(self, table: Tabled, widths: Sequence[int], halves: int, style: str) -> None:
        self.right, self.widths, self.halves, self.style = table.right, widths, halves, style

    def properties(self) -> str:
        """What holds for the whole table."""
        lines = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="9A958C"/>' for side in LINES)
        margins = "".join(f'<w:{side} w:w="{wide}" w:type="dxa"/>' for side, wide in MARGINS.items())
        columns = "".join(f'<w:gridCol w:w="{wide}"/>' for wide in self.widths)
        return (
            f'<w:tblPr><w:tblW w:w="{sum(self.widths)}" w:type="dxa"/><w:tblBorders>{lines}</w:tblBorders>'
            f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{margins}</w:tblCellMar></w:tblPr>'
            f"<w:tblGrid>{columns}</w:tblGrid>"
        )

    def row(self, texts: Sequence[str], *, head: bool, bold: bool, kept: bool) -> str:
        """One row; a `kept` one stays on the page of the next."""
        repeated = "<w:tblHeader/>" if head else ""
        cells = "".join(self._cells(texts, bold=bold, kept=kept or head))
        return f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{cells}</w:tr>"

    def _cells(self, texts: Sequence[str], *, bold: bool, kept: bool) -> Iterator[str]:
        shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{SHADE}"/>' if bold else ""
        letters = f'<w:rPr>{"<w:b/>" if bold else ""}<w:sz w:val="{self.halves}"/></w:rPr>'
        next_one = "<w:keepNext/>" if kept else ""
        for i, text in enumerate(texts):
            side = '<w:jc w:val="right"/>' if i in self.right else ""
            yield (
                f'<w:tc><w:tcPr><w:tcW w:w="{self.widths[i]}" w:type="dxa"/>{shade}<w:vAlign w:val="center"/></w:tcPr>'
                f'<w:p><w:pPr><w:pStyle w:val="{self.style}"/>{next_one}{side}</w:pPr>'
                f'<w:r>{letters}<w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p></w:tc>'
            )
