"""Charts and maps of a sheet as pictures, for files that hold no drawings of ours."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from reportlab.graphics import renderPDF

from webmap.documents import charts, grid_map
from webmap.printing.paper import Paper
from webmap.printing.pixels import page_picture, png

DOTS_PER_INCH = 180
"""Sharp on an office printer, and 20 to 60 KB a picture."""


@dataclass(frozen=True)
class Picture:
    """A PNG with its size on paper, in points."""

    png: bytes
    width: float
    height: float


def of_chart(told: charts.Told, width: float) -> Picture:
    """A chart, so many points wide."""
    drawing = charts.drawing_of(told, width)
    return _pictured(width, float(drawing.height), lambda paper: renderPDF.draw(drawing, paper.canvas, 0, 0))


def of_map(told: grid_map.Drawn, width: float) -> Picture:
    """A map with its legend, so many points wide."""
    return _pictured(width, grid_map.height_of(width), lambda paper: grid_map.draw(paper, told))


def _pictured(width: float, height: float, draw: Callable[[Paper], None]) -> Picture:
    target = BytesIO()
    paper = Paper(target, size=(width, height), title="")
    draw(paper)
    paper.turn()
    paper.close()
    made = page_picture(target.getvalue(), dots_per_inch=DOTS_PER_INCH)
    return Picture(png(made, dots_per_inch=DOTS_PER_INCH), width, height)
