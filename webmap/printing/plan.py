"""A map on paper: a grid in its streets and buildings, its neighbours around it, with scale bar and north arrow."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from reportlab.pdfgen.pathobject import PDFPathObject
from shapely.geometry.base import BaseGeometry

from webmap.language import gettext
from webmap.printing.paper import INK, QUIET, RED, Paper, width_of

PAPER = "#fbfaf7"
COMPOUND = "#edf1e6"
BUILDING = "#dcd7cd"
BUILDING_EDGE = "#bdb6a9"
CASING = "#c3bcae"
BORDER = "#b9525a"
HALO = "#ffffff"

WIDTHS_M = {"expressway": 24, "arterial": 18, "secondary": 13, "branch": 8, "back_street": 5, "path": 1.5}
"""Width of a street in metres by its class, wider than it is, so that it is read on a map of a whole town too."""
WIDTHS = (0.7, 13.0)
"""The narrowest and the widest street on paper, in points."""
LEAST_M = 120.0
"""A place smaller than this still shows this much ground."""
STEPS_M = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Ground:
    """What lies on the map, in one system of metres.

    ``grids`` has ``grid_code`` and ``geometry``; ``streets`` ``name`` and ``street_class``; ``buildings`` and
    ``compounds`` ``name``.
    """

    grids: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    compounds: gpd.GeoDataFrame


def near(frame: gpd.GeoDataFrame, shape: BaseGeometry, *, reach_m: float = 50.0) -> gpd.GeoDataFrame:
    """The rows around a shape, found through the frame's index, in their order."""
    west, south, east, north = shape.bounds
    box = (west - reach_m, south - reach_m, east + reach_m, north + reach_m)
    return frame.iloc[np.sort(frame.sindex.intersection(box))] if len(frame) else frame


@dataclass
class Plan:
    """A map that is being drawn into a rectangle of a page.

    Parameters
    ----------
    paper : Paper
    frame : (x, y, width, height)
        In points, from the lower left corner of the page.
    ground : Ground
    about : geometry
        What must be seen whole, in the middle; in the metres of `ground`.
    margin : float
        How much of the surroundings shows, as a share of the place's own size.
    """

    paper: Paper
    frame: Box
    ground: Ground
    about: BaseGeometry
    margin: float = 0.12
    taken: list[Box] = field(default_factory=list)

    def __post_init__(self) -> None:
        west, south, east, north = self.about.bounds
        _, _, width, height = self.frame
        grown = 1 + 2 * self.margin
        self.scale = min(width / max((east - west) * grown, LEAST_M), height / max((north - south) * grown, LEAST_M))
        self.west = (west + east) / 2 - width / self.scale / 2
        self.south = (south + north) / 2 - height / self.scale / 2
        self.window = (self.west, self.south, self.west + width / self.scale, self.south + height / self.scale)
        # Room for the scale bar and the north arrow, which come last.
        x, y = self.frame[:2]
        self.taken += [(x, y, x + 150, y + 22), (x + width - 32, y + height - 46, x + width, y + height)]

    def base(self) -> None:
        """Draw compounds, buildings and streets quietly, so that grids carry the colour."""
        x, y, width, height = self.frame
        self.paper.box(x, y, width, height, fill=PAPER)
        with self._clipped():
            self._fill(self._near(self.ground.compounds).geometry, COMPOUND)
            self._fill(self._near(self.ground.buildings).geometry, BUILDING, edge=BUILDING_EDGE)
            self._streets()

    def grids(self, focus: str | None) -> None:
        """Draw the borders of all grids; the one in focus stands out, and what is not it fades."""
        near = self._near(self.ground.grids)
        own = near[near["grid_code"] == focus]
        with self._clipped():
            if not own.empty:
                self._fade(shapely.union_all(own.geometry.to_numpy()))
            # Each border once: drawn for both neighbours, the dashes of one would fill the gaps of the other.
            lines = shapely.line_merge(shapely.union_all(shapely.boundary(near.geometry.to_numpy())))
            self._stroke([lines], BORDER, 1.0, dash=(5, 2.5) if focus else None)
            self._stroke(own.geometry, HALO, 4.4)
            self._stroke(own.geometry, RED, 2.2)

    def coloured(self, colours: Mapping[str, str]) -> None:
        """Draw the grids filled, each code's with its colour, below streets; instead of `base`."""
        x, y, width, height = self.frame
        self.paper.box(x, y, width, height, fill=PAPER)
        near = self._near(self.ground.grids)
        with self._clipped():
            for code, shape in zip(near["grid_code"], near.geometry, strict=True):
                if code in colours:
                    self._fill([shape], colours[code])
            self._streets()

    def figures(self, figures: Mapping[str, str], size: float = 8) -> None:
        """Write a figure in the middle of every grid that has one, its number small above."""
        near = self._near(self.ground.grids)
        near = near[near["grid_code"].isin(figures.keys())]
        spots = self.place(shapely.get_coordinates(shapely.point_on_surface(near.geometry.to_numpy())))
        for code, (x, y) in zip(near["grid_code"], spots, strict=True):
            number, said, small = code[12:] or code, figures[code], 0.72 * size
            wide = max(width_of(said, size, bold=True), width_of(number, small)) / 2
            box = (x - wide, y - 0.8 * size, x + wide, y + 1.1 * size)
            if self._inside(box) and self._free(box):
                self.taken.append(box)
                self._haloed(said, x, y - 0.7 * size, size, INK, bold=True)
                self._haloed(number, x, y + 0.34 * size, small, QUIET, bold=False)

    def highlight(self, shapes: Iterable[BaseGeometry]) -> None:
        """Let some buildings stand out."""
        with self._clipped():
            self._fill(list(shapes), RED, edge=INK)

    def numbers(self, focus: str | None, size: float = 10) -> None:
        """Write the number of every grid in the middle of its ground; the one in focus has its own heading."""
        near = self._near(self.ground.grids)
        others = near[near["grid_code"] != focus]
        window = shapely.box(*self.window)
        shown = shapely.point_on_surface(shapely.intersection(others.geometry.to_numpy(), window))
        self._labels([code[12:] or code for code in others["grid_code"]], shown, size, colour=RED, bold=True)

    def building_marks(self, buildings: gpd.GeoDataFrame, marks: Sequence[str]) -> None:
        """Write a short mark into each of some buildings: all of them, smaller where the map shows much ground."""
        size = min(max(6.5 * self.scale, 4.8), 8.0)
        spots = shapely.point_on_surface(buildings.geometry.to_numpy())
        self._labels(list(marks), spots, size, colour=INK, crowd=True)

    def building_names(self, size: float) -> None:
        """Write the names of buildings, then of compounds, that have room, the largest first."""
        named = [frame[frame["name"].fillna("") != ""] for frame in (self.ground.buildings, self.ground.compounds)]
        for near in map(self._near, named):
            near = near.iloc[np.argsort(-near.area.to_numpy(), kind="stable")]
            roomy = near[np.sqrt(near.area.to_numpy()) * self.scale > 1.6 * size]
            self._labels(list(roomy["name"]), shapely.point_on_surface(roomy.geometry.to_numpy()), size, colour=QUIET)

    def street_names(self, size: float = 6.2) -> None:
        """Write each street's name once, along its longest straight stretch, where nothing stands yet."""
        named = self._near(self.ground.streets)
        named = named[named["name"].fillna("") != ""]
        window = shapely.box(*self.window)
        longest: dict[str, tuple[float, Any]] = {}
        for name, line in zip(named["name"], shapely.intersection(named.geometry.to_numpy(), window), strict=True):
            for stretch in _straight(line):
                length = float(np.hypot(*(stretch[1] - stretch[0])))
                if length > longest.get(name, (0.0, None))[0]:
                    longest[name] = (length, stretch)
        for name, (length, stretch) in sorted(longest.items(), key=lambda item: -item[1][0]):
            if length * self.scale > width_of(name, size) * 1.1:
                self._along(name, stretch, size)

    def furniture(self) -> None:
        """Draw the rectangle's edge, the scale bar and the north arrow."""
        x, y, width, height = self.frame
        self.paper.box(x, y, width, height, line=QUIET, weight=0.6)
        self._scale_bar(x + 8, y + 8)
        self._north_arrow(x + width - 16, y + height - 34)

    def place(self, points: Any) -> Any:
        """Positions on the page of positions in metres."""
        return np.column_stack(
            [
                self.frame[0] + (points[:, 0] - self.west) * self.scale,
                self.frame[1] + (points[:, 1] - self.south) * self.scale,
            ]
        )

    def _near(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return frame.iloc[np.sort(frame.sindex.intersection(self.window))] if len(frame) else frame

    def _clipped(self) -> "_Clip":
        return _Clip(self.paper, self.frame)

    def _path(self, shapes: Iterable[BaseGeometry]) -> PDFPathObject:
        path = self.paper.canvas.beginPath()
        for shape in shapes:
            polygonal = shape.geom_type.endswith("Polygon")
            parts = shapely.get_rings(shapely.get_parts(shape)) if polygonal else shapely.get_parts(shape)
            for part in parts:
                spots = self.place(shapely.get_coordinates(part)).round(2).tolist()
                path.moveTo(*spots[0])
                for spot in spots[1:]:
                    path.lineTo(*spot)
                if polygonal:
                    path.close()
        return path

    def _fill(self, shapes: Iterable[BaseGeometry], colour: str, *, edge: str | None = None) -> None:
        canvas = self.paper.canvas
        canvas.setFillColor(colour)
        if edge:
            canvas.setStrokeColor(edge)
            canvas.setLineWidth(0.3)
        for shape in shapes:
            canvas.drawPath(self._path([shape]), stroke=int(edge is not None), fill=1, fillMode=0)

    def _stroke(
        self, shapes: Iterable[BaseGeometry], colour: str, weight: float, dash: tuple[float, float] | None = None
    ) -> None:
        canvas = self.paper.canvas
        canvas.saveState()
        canvas.setStrokeColor(colour)
        canvas.setLineWidth(weight)
        canvas.setLineJoin(1)
        canvas.setLineCap(1)
        if dash:
            canvas.setLineCap(0)
            canvas.setDash(*dash)
        canvas.drawPath(self._path(shapes), stroke=1, fill=0)
        canvas.restoreState()

    def _fade(self, shape: BaseGeometry) -> None:
        """Lay white over everything outside a shape, so that the surroundings are still read, but quietly."""
        outside = shapely.difference(shapely.box(*self.window), shape)
        canvas = self.paper.canvas
        canvas.saveState()
        canvas.setFillColor("#ffffff")
        canvas.setFillAlpha(0.62)
        canvas.drawPath(self._path(shapely.get_parts([outside])), stroke=0, fill=1, fillMode=0)
        canvas.restoreState()

    def _streets(self) -> None:
        """First every casing, then every street, the least important below."""
        near = self._near(self.ground.streets)
        for casing in (True, False):
            for name, metres in reversed(WIDTHS_M.items()):
                lines = near.geometry[near["street_class"] == name]
                wide = min(max(metres * self.scale, WIDTHS[0]), WIDTHS[1])
                if name == "path" and casing:
                    self._stroke(lines, CASING, min(wide, 1.2), dash=(2.5, 1.8))
                elif name != "path":
                    self._stroke(lines, CASING if casing else HALO, wide if casing else max(wide - 1.1, 0.3))

    def _labels(
        self, texts: Sequence[str], spots: Any, size: float, *, colour: str, bold: bool = False, crowd: bool = False
    ) -> None:
        known = ~shapely.is_empty(spots)
        placed = self.place(shapely.get_coordinates(np.asarray(spots)[known]))
        for text, (x, y) in zip(np.asarray(texts, dtype=object)[known], placed, strict=True):
            wide = width_of(text, size, bold=bold)
            box = (x - wide / 2, y - size * 0.4, x + wide / 2, y + size * 0.6)
            if text and self._inside(box) and (crowd or self._free(box)):
                self.taken.append(box)
                self._haloed(text, x, y - size * 0.36, size, colour, bold)

    def _haloed(self, text: str, x: float, y: float, size: float, colour: str, bold: bool) -> None:
        canvas = self.paper.canvas
        canvas.saveState()
        canvas.setStrokeColor(HALO)
        canvas.setLineWidth(size * 0.22)
        canvas.setLineJoin(1)
        canvas.setFont("Bold" if bold else "Regular", size)
        canvas.drawCentredString(x, y, text, mode=1)
        canvas.setFillColor(colour)
        canvas.drawCentredString(x, y, text, mode=0)
        canvas.restoreState()

    def _along(self, name: str, stretch: Any, size: float) -> None:
        (x, y), (to_x, to_y) = self.place(stretch)
        turn = float(np.degrees(np.arctan2(to_y - y, to_x - x)))
        # Never upside down.
        turn = turn - 180 if turn > 90 else turn + 180 if turn <= -90 else turn
        middle = ((x + to_x) / 2, (y + to_y) / 2)
        half = (abs(np.cos(np.radians(turn))), abs(np.sin(np.radians(turn))))
        reach = [width_of(name, size) / 2 * one + size / 2 * other for one, other in (half, half[::-1])]
        box = (middle[0] - reach[0], middle[1] - reach[1], middle[0] + reach[0], middle[1] + reach[1])
        if not (self._inside(box) and self._free(box)):
            return
        self.taken.append(box)
        self.paper.canvas.saveState()
        self.paper.canvas.translate(*middle)
        self.paper.canvas.rotate(turn)
        self._haloed(name, 0, -size * 0.36, size, QUIET, bold=False)
        self.paper.canvas.restoreState()

    def _inside(self, box: Box) -> bool:
        x, y, width, height = self.frame
        return box[0] >= x and box[1] >= y and box[2] <= x + width and box[3] <= y + height

    def _free(self, box: Box) -> bool:
        return not any(
            box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3] for other in self.taken
        )

    def _scale_bar(self, x: float, y: float) -> None:
        metres = next((step for step in STEPS_M if step * self.scale >= 50), STEPS_M[-1])
        length = metres * self.scale
        self.paper.box(x - 4, y - 4, length + 52, 16, fill="#ffffff")
        self.paper.box(x, y, length / 2, 3, fill=INK, line=INK)
        self.paper.box(x + length / 2, y, length / 2, 3, fill="#ffffff", line=INK)
        self.paper.text(gettext("%(length)s m", length=metres), x + length + 4, y - 1.5, 7)

    def _north_arrow(self, x: float, y: float) -> None:
        canvas = self.paper.canvas
        path = canvas.beginPath()
        for i, (east, north) in enumerate([(0, 16), (5, 0), (0, 4), (-5, 0)]):
            (path.lineTo if i else path.moveTo)(x + east, y + north)
        path.close()
        canvas.setFillColor(INK)
        canvas.setStrokeColor(HALO)
        canvas.setLineWidth(0.8)
        canvas.drawPath(path, stroke=1, fill=1)
        self._haloed(gettext("N"), x, y + 18, 8, INK, bold=True)


class _Clip:
    """While it lasts, nothing is drawn outside a rectangle."""

    def __init__(self, paper: Paper, frame: Box) -> None:
        self.canvas, self.frame = paper.canvas, frame

    def __enter__(self) -> None:
        self.canvas.saveState()
        path = self.canvas.beginPath()
        path.rect(*self.frame)
        self.canvas.clipPath(path, stroke=0, fill=0)

    def __exit__(self, *_: object) -> None:
        self.canvas.restoreState()


def _straight(line: BaseGeometry, *, bend_m: float = 4.0) -> Iterable[Any]:
    """The ends of each stretch of a line that is straight to a few metres."""
    parts = shapely.get_parts(shapely.line_merge(shapely.simplify(line, bend_m)))
    for part in parts:
        spots = shapely.get_coordinates(part)
        yield from np.stack([spots[:-1], spots[1:]], axis=1)
