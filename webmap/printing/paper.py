"""The paper: a PDF written page by page in our own letters, whose used ones travel inside it."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import BinaryIO

from reportlab.lib.pagesizes import A3, A4, landscape, portrait
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from data.errors import CannotWrite
from geo.errors import N_
from webmap.vendor import STATIC

FOLDER = STATIC / "vendor" / "@expo-google-fonts" / "noto-sans-sc"
FONTS = {"Regular": FOLDER / "NotoSansSC-Regular.ttf", "Bold": FOLDER / "NotoSansSC-Bold.ttf"}

MM = 72 / 25.4
"""Points in a millimetre: pages are measured in points, upwards from the lower left corner."""

SIZES: dict[str, tuple[float, float]] = {
    "a4": portrait(A4),
    "a3": portrait(A3),
    "a4-landscape": landscape(A4),
    "a3-landscape": landscape(A3),
}

INK = "#1f1d1a"
QUIET = "#6c6861"
RED = "#a8121b"
HAIR = "#d8d4cc"
ELLIPSIS = "…"


@cache
def use_fonts() -> None:
    """Make the letters known, once a process.

    Raises
    ------
    CannotWrite
        They were never brought in.
    """
    for name, path in FONTS.items():
        if not path.is_file():
            raise CannotWrite(
                N_("The letters for printing are missing (%(file)s). Type: python -m webmap.vendor"), file=path.name
            )
        pdfmetrics.registerFont(TTFont(name, str(path)))


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a text is, in points."""
    return float(pdfmetrics.stringWidth(text, "Bold" if bold else "Regular", size))


def shortened(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """The text, its end replaced by an ellipsis where it is wider than it may be."""
    if width_of(text, size, bold=bold) <= width:
        return text
    kept = text
    while kept and width_of(kept + ELLIPSIS, size, bold=bold) > width:
        kept = kept[:-1]
    return kept + ELLIPSIS


def wrapped(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """The text in lines no wider than that: broken between words, and between any two Chinese characters."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and width_of((line + piece).rstrip(), size, bold=bold) > width:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> list[str]:
    """What stays together on a line: a word with the blank after it, or one Chinese character with its full stop."""
    pieces: list[str] = []
    for letter in " ".join(text.split()):
        before = pieces[-1] if pieces else ""
        joins = letter in " ,.;:!?，。；：！？、）》”" or (before and letter.isascii() and before[-1].isascii())
        if before and joins and not (before.endswith(" ") and letter != " "):
            pieces[-1] += letter
        else:
            pieces.append(letter)
    return pieces


class Paper:
    """A PDF that is being written.

    Parameters
    ----------
    target : path or binary file
    size : (float, float)
        Width and height of its pages, in points.
    title : str
        What the document calls itself.
    language : str
        ``zh`` or ``en``, told to screen readers.
    """

    def __init__(self, target: Path | BinaryIO, *, size: tuple[float, float], title: str, language: str = "zh") -> None:
        use_fonts()
        self.width, self.height = size
        # Invariant: the same content gives the same bytes.
        self.canvas = Canvas(
            str(target) if isinstance(target, Path) else target,
            pagesize=size,
            invariant=1,
            lang="zh-CN" if language == "zh" else "en",
        )
        self.canvas.setTitle(title)
        self.canvas.setCreator("gridpatrol")
        self.canvas.setProducer("gridpatrol")
        self.pages = 0

    @classmethod
    def over(cls, canvas: Canvas, size: tuple[float, float]) -> "Paper":
        """A piece of a page that somebody else writes, such as the room that a flowing text leaves for a map."""
        use_fonts()
        paper = cls.__new__(cls)
        paper.canvas, paper.pages = canvas, 0
        paper.width, paper.height = size
        return paper

    def text(
        self,
        text: str,
        x: float,
        y: float,
        size: float,
        *,
        bold: bool = False,
        colour: str = INK,
        align: str = "left",
        width: float | None = None,
    ) -> float:
        """Write one line with its base at `y`; cut to `width` with an ellipsis. Returns how wide it became."""
        said = text if width is None else shortened(text, width, size, bold=bold)
        wide = width_of(said, size, bold=bold)
        begin = x - {"left": 0.0, "middle": wide / 2, "right": wide}[align]
        self.canvas.setFillColor(colour)
        self.canvas.setFont("Bold" if bold else "Regular", size)
        self.canvas.drawString(begin, y, said)
        return wide

    def fitted(
        self,
        text: str,
        x: float,
        y: float,
        size: float,
        width: float,
        *,
        least: float,
        bold: bool = False,
        colour: str = INK,
        align: str = "left",
    ) -> float:
        """Write one line as large as the width allows, from `size` down to `least`; returns the size."""
        # A hair less than fits: else rounding lets the end be cut off.
        fits = min(size, 0.999 * size * width / max(width_of(text, size, bold=bold), 1e-9))
        chosen = max(fits, least)
        self.text(text, x, y, chosen, bold=bold, colour=colour, align=align, width=width)
        return chosen

    def paragraph(
        self,
        text: str,
        x: float,
        y: float,
        size: float,
        width: float,
        *,
        most: int = 100,
        bold: bool = False,
        colour: str = INK,
        leading: float = 1.45,
    ) -> float:
        """Write lines from the base `y` downwards, at most so many; returns the base of the next line."""
        lines = wrapped(text, width, size, bold=bold)
        if len(lines) > most:
            lines = [*lines[: most - 1], shortened("".join(lines[most - 1 :]), width, size, bold=bold)]
        for line in lines:
            self.text(line, x, y, size, bold=bold, colour=colour)
            y -= size * leading
        return y

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str | None = None,
        line: str | None = None,
        weight: float = 0.5,
        radius: float = 0.0,
    ) -> None:
        """Draw a rectangle by its lower left corner."""
        if fill:
            self.canvas.setFillColor(fill)
        if line:
            self.canvas.setStrokeColor(line)
            self.canvas.setLineWidth(weight)
        self.canvas.roundRect(x, y, width, height, radius, stroke=int(line is not None), fill=int(fill is not None))

    def rule(self, x: float, y: float, width: float, *, colour: str = HAIR, weight: float = 0.5) -> None:
        """Draw a level line."""
        self.canvas.setStrokeColor(colour)
        self.canvas.setLineWidth(weight)
        self.canvas.line(x, y, x + width, y)

    def row(
        self,
        cells: Sequence[str],
        x: float,
        y: float,
        widths: Sequence[float],
        size: float,
        *,
        bold: bool = False,
        right: frozenset[int] = frozenset(),
        colour: str = INK,
    ) -> None:
        """Write the cells of one row of a table, each cut to its column; those in `right` end at its right edge."""
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            at, align = (x + width - 4, "right") if i in right else (x, "left")
            self.text(cell, at, y, size, bold=bold, align=align, width=width - 4, colour=colour)
            x += width

    def mark(self, key: str, title: str, *, level: int = 0) -> None:
        """Let the reader's list of contents lead to this page."""
        self.canvas.bookmarkPage(key)
        self.canvas.addOutlineEntry(title, key, level=level)

    def turn(self) -> None:
        """Finish this page."""
        self.canvas.showPage()
        self.pages += 1

    def close(self) -> int:
        """Write the file; returns how many pages it has."""
        self.canvas.save()
        return self.pages
