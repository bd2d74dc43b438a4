"""A view of the map for a report: title and period, the map with its scale and north, legends, whose data it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import geopandas as gpd
import numpy as np
import numpy.typing as npt
from PIL import Image
from reportlab.lib.utils import ImageReader
from shapely.geometry.base import BaseGeometry

from webmap import language
from webmap.printing.paper import HAIR, INK, MM, QUIET, SIZES, Paper, wrapped
from webmap.printing.pixels import page_picture, png
from webmap.printing.plan import BUILDING, BUILDING_EDGE, COMPOUND, PAPER, Box, Ground, Plan

PAPERS: dict[str, tuple[float, float]] = {
    "a4-landscape": SIZES["a4-landscape"],
    "a4": SIZES["a4"],
    "slide": (960.0, 540.0),
}
"""Shapes of the picture: a page either way up, and a slide of 16 : 9."""

DOTS = (96, 150, 300)
"""Dots an inch: for a screen, for a text, for print."""

EDGE = 10 * MM
COLUMN = 168.0
"""How wide the legends are beside the map, in points."""
GAP = 12.0
SWATCH = (16.0, 9.0)
LINE = 12.0
NOTE = 6.8


@dataclass(frozen=True)
class Legend:
    """What colours mean. In a ramp they flow into each other, the labels standing beside them from below upwards."""

    title: str
    rows: Sequence[tuple[str, str]]
    note: str = ""
    ramp: bool = False


@dataclass(frozen=True)
class Raster:
    """A picture that lies on the ground: red, green, blue, opacity; its first row in the north.

    ``bounds`` are west, south, east, north in the metres of the ground.
    """

    pixels: npt.NDArray[np.uint8]
    bounds: Box


@dataclass(frozen=True)
class Lines:
    """Lines of one look, in the metres of the ground; the weight in points."""

    shapes: Sequence[BaseGeometry]
    colour: str
    weight: float
    dash: tuple[float, float] | None = None


@dataclass(frozen=True)
class Marks:
    """Places of one look: an array of x, y in the metres of the ground; the size in points."""

    places: npt.NDArray[np.float64]
    colour: str
    size: float = 3.0


@dataclass(frozen=True)
class ViewPicture:
    """Everything that the picture of a view shows.

    Parameters
    ----------
    title, period : str
        The heading, and below it of which time and of what.
    ground : Ground
        Grids, streets and buildings, in one system of metres.
    about : geometry
        What is seen whole, in the middle; in those metres.
    colours : mapping
        The colour of each grid by its code; a grid without one stays as the ground is.
    texts : mapping
        What is written in each grid by its code, below its number.
    raster : Raster, optional
        A density, drawn below borders and names.
    lines, marks : sequences
        What lies on the ground besides.
    legends : sequence of Legend
    notes : sequence of str
        What was left out, and by which rule.
    foot : str
        Whose data it is, and when the picture was made.
    focus : str
        The code of the grid that stands out; "" for none.
    """

    title: str
    period: str
    ground: Ground
    about: BaseGeometry
    colours: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    raster: Raster | None = None
    lines: Sequence[Lines] = ()
    marks: Sequence[Marks] = ()
    legends: Sequence[Legend] = ()
    notes: Sequence[str] = ()
    foot: str = ""
    focus: str = ""


def view_png(view: ViewPicture, *, paper: str = "a4-landscape", dots_per_inch: float = 150) -> bytes:
    """Return the picture of a view as PNG.

    Parameters
    ----------
    paper : str
        One of `PAPERS`.
    dots_per_inch : float
        How fine; `DOTS` are offered.
    """
    target = BytesIO()
    write_view(view, target, paper=paper)
    return png(page_picture(target.getvalue(), dots_per_inch=dots_per_inch), dots_per_inch=dots_per_inch)


def write_view(view: ViewPicture, target: Path | BinaryIO, *, paper: str = "a4-landscape") -> int:
    """Write the picture of a view as a PDF of one page; returns 1."""
    sheet = Paper(target, size=PAPERS[paper], title=view.title, language=language.current())
    _Sheet(sheet, view).write()
    sheet.turn()
    return sheet.close()


class ViewPlan(Plan):
    """The map of a view: grids carry the colour, streets and buildings stay quiet."""

    def ground_in(self, colours: Mapping[str, str]) -> None:
        """Draw the ground, each grid in its colour, buildings and streets on top."""
        x, y, width, height = self.frame
        self.paper.box(x, y, width, height, fill=PAPER)
        near = self._near(self.ground.grids)
        with self._clipped():
            self._fill(self._near(self.ground.compounds).geometry, COMPOUND)
            for colour, part in _by_colour(near, colours):
                self._fill(part.geometry, colour)
            self._see_through(0.55, lambda: self._fill(self._buildings(), BUILDING, edge=BUILDING_EDGE))
            self._see_through(0.8, self._streets)

    def raster(self, raster: Raster) -> None:
        """Lay a picture on the ground."""
        west, south, east, north = raster.bounds
        (x, y), (to_x, to_y) = self.place(np.array([[west, south], [east, north]]))
        image = ImageReader(Image.fromarray(raster.pixels, "RGBA"))
        with self._clipped():
            self.paper.canvas.drawImage(image, x, y, to_x - x, to_y - y, mask="auto")

    def lines(self, lines: Lines) -> None:
        """Draw lines."""
        with self._clipped():
            self._stroke(lines.shapes, lines.colour, lines.weight, dash=lines.dash)

    def marks(self, marks: Marks) -> None:
        """Draw a dot with a light rim at each place."""
        canvas = self.paper.canvas
        with self._clipped():
            canvas.setFillColor(marks.colour)
            canvas.setStrokeColor("#ffffff")
            canvas.setLineWidth(0.6)
            for x, y in self.place(marks.places).round(2).tolist():
                canvas.circle(x, y, marks.size, stroke=1, fill=1)

    def _buildings(self) -> gpd.GeoSeries:
        return self._near(self.ground.buildings).geometry

    def _see_through(self, share: float, draw: Any) -> None:
        self.paper.canvas.saveState()
        self.paper.canvas.setFillAlpha(share)
        self.paper.canvas.setStrokeAlpha(share)
        draw()
        self.paper.canvas.restoreState()


class _Sheet:
    def __init__(self, paper: Paper, view: ViewPicture) -> None:
        self.paper, self.view = paper, view
        self.left, self.wide = EDGE, paper.width - 2 * EDGE
        self.beside = paper.width > paper.height

    def write(self) -> None:
        top = self._heading()
        bottom = self._foot()
        if self.beside:
            self._map((self.left, bottom, self.wide - COLUMN - GAP, top - bottom))
            self._legends(self.left + self.wide - COLUMN, top, COLUMN, list(self.view.legends), self.view.notes)
        else:
            half = (self.wide - GAP) / 2
            columns = _in_columns(self.view.legends, half)
            high = max((_height(column, half) for column in columns), default=0.0) + _notes_height(self.view, half)
            self._map((self.left, bottom + high + GAP, self.wide, top - bottom - high - GAP))
            for i, column in enumerate(columns):
                notes = self.view.notes if i == len(columns) - 1 else ()
                self._legends(self.left + i * (half + GAP), bottom + high, half, column, notes)

    def _heading(self) -> float:
        y = self.paper.height - EDGE - 17
        self.paper.fitted(self.view.title, self.left, y, 20, self.wide, least=11, bold=True)
        self.paper.fitted(self.view.period, self.left, y - 17, 10.5, self.wide, least=6.5, colour=QUIET)
        return y - 28

    def _foot(self) -> float:
        lines = wrapped(self.view.foot, self.wide, NOTE)[:3]
        y = EDGE + 1 + (len(lines) - 1) * NOTE * 1.4
        self.paper.paragraph(self.view.foot, self.left, y, NOTE, self.wide, most=3, colour=QUIET, leading=1.4)
        return y + NOTE + 5

    def _map(self, frame: Box) -> None:
        view = self.view
        plan = ViewPlan(self.paper, frame, view.ground, view.about, margin=0.02)
        plan.ground_in(view.colours)
        if view.raster is not None:
            plan.raster(view.raster)
        for lines in view.lines:
            plan.lines(lines)
        plan.grids(view.focus or None)
        for marks in view.marks:
            plan.marks(marks)
        if view.texts:
            plan.figures(view.texts)
        else:
            plan.numbers(None, size=8)
        plan.street_names()
        plan.furniture()

    def _legends(self, x: float, y: float, width: float, legends: Sequence[Legend], notes: Sequence[str]) -> None:
        for legend in legends:
            y = self._legend(legend, x, y, width)
        for note in notes:
            y = self.paper.paragraph(note, x, y - NOTE, NOTE, width, colour=QUIET) - 2

    def _legend(self, legend: Legend, x: float, y: float, width: float) -> float:
        y = self.paper.paragraph(legend.title, x, y - 9, 9, width, bold=True, most=2, leading=1.3) - 4
        across, high = SWATCH
        rows = list(reversed(legend.rows)) if legend.ramp else list(legend.rows)
        for colour, label in rows:
            # A ramp's colours touch, so that they read as one.
            self.paper.box(x, y, across, LINE if legend.ramp else high, fill=colour, line=None if legend.ramp else HAIR)
            self.paper.text(label, x + across + 6, y + 1.4, 8, width=width - across - 6, colour=INK)
            y -= LINE
        if legend.note:
            y = self.paper.paragraph(legend.note, x, y, NOTE, width, colour=QUIET)
        return y - 6


def _by_colour(grids: gpd.GeoDataFrame, colours: Mapping[str, str]) -> list[tuple[str, gpd.GeoDataFrame]]:
    said = grids["grid_code"].map(dict(colours))
    return [(str(colour), part) for colour, part in grids.groupby(said, sort=True)]


def _in_columns(legends: Sequence[Legend], width: float) -> list[list[Legend]]:
    """The legends in two columns, cut where the first becomes the higher one."""
    columns: list[list[Legend]] = [[], []]
    whole = _height(legends, width)
    for legend in legends:
        columns[bool(columns[1]) or _height(columns[0], width) * 2 >= whole > 0].append(legend)
    return columns


def _height(legends: Sequence[Legend], width: float) -> float:
    """How much room legends take from top to bottom; `_Sheet._legend` draws them so."""
    total = 0.0
    for legend in legends:
        heads = min(len(wrapped(legend.title, width, 9, bold=True)), 2)
        notes = len(wrapped(legend.note, width, NOTE)) if legend.note else 0
        total += 9 + heads * 9 * 1.3 + 4 + len(legend.rows) * LINE + notes * NOTE * 1.45 + 6
    return total


def _notes_height(view: ViewPicture, width: float) -> float:
    lines = sum(len(wrapped(note, width, NOTE)) for note in view.notes)
    return lines * NOTE * 1.45 + 9 * len(view.notes)
