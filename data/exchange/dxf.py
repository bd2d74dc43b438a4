"""Drawings out for the survey office: DXF in metres, one layer a kind of thing, every grid a closed line."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from ezdxf import colors
from ezdxf.document import Drawing as Document
from ezdxf.enums import TextEntityAlignment
from ezdxf.filemanagement import new as new_document
from ezdxf.layouts.layout import Modelspace
from shapely.geometry.base import BaseGeometry

from data.errors import CannotWrite
from data.exchange.scratch import replacing
from geo.crs import require_metres
from geo.errors import N_

VERSION = "R2004"
ENCODING = "gbk"
"""Old versions of AutoCAD and CASS read this version in this encoding, which its header names; from R2007 on drawings
hold UTF-8, which some programs (GDAL 3.11 among them) read as Latin-1. What GBK lacks is written as an escape, which
all of them read."""
APPLICATION = "GRIDPATROL"
"""Under this name a grid's border carries its code and figures as extended data."""
STYLE = "GRIDPATROL"
FONT = "simhei.ttf"
"""The letters of labels: a font that every Chinese Windows has. Other programs put their own in its place."""
LABEL_M = 12.0
METRES = 6

LAYERS: dict[str, tuple[int, str]] = {
    "GP_OUTLINE": (colors.MAGENTA, "社区范围 ground of the community"),
    "GP_GRID": (colors.RED, "网格边界 borders of the grids, each closed"),
    "GP_GRID_SPECIAL": (30, "专属网格 special grids, lying over the others"),
    "GP_GRID_CODE": (colors.RED, "网格编码 codes of the grids"),
    "GP_GRID_NAME": (colors.RED, "网格名称和户数 names and households of the grids"),
    "GP_COMPOUND": (colors.GREEN, "小区 compounds"),
    "GP_BUILDING": (colors.CYAN, "楼栋 buildings"),
    "GP_BUILDING_NAME": (colors.CYAN, "楼栋名称 names of the buildings"),
    "GP_STREET": (8, "街路巷 streets"),
    "GP_STREET_NAME": (8, "街路巷名称 names of the streets"),
    "GP_NOTE": (7, "坐标系 coordinate system"),
}
"""Names of layers are ASCII, so that no program garbles them; each says in Chinese and English what it holds."""

_DECIMALS = 4


@dataclass(frozen=True)
class Drawing:
    """What a drawing holds: frames in one system of metres; ``grids`` is needed, the rest may be None.

    Parameters
    ----------
    grids : GeoDataFrame
        ``grid_code``, ``geometry``; optionally ``name``, ``kind`` ("special" goes to a layer of its own),
        ``households``.
    outline, streets, buildings, compounds : GeoDataFrame, optional
        With ``geometry`` and optionally ``name``.
    title : str
        Written below the drawing, before the name of the coordinate system.
    """

    grids: gpd.GeoDataFrame
    outline: gpd.GeoDataFrame | None = None
    streets: gpd.GeoDataFrame | None = None
    buildings: gpd.GeoDataFrame | None = None
    compounds: gpd.GeoDataFrame | None = None
    title: str = ""


def write_dxf(drawing: Drawing, path: str | Path) -> int:
    """Write a drawing: eastings as X, northings as Y, in metres to 0.1 mm, the file whole or not at all.

    Every ring of a grid is one closed line with the grid's code as extended data, so that areas can be checked one by
    one; neighbours have the same vertices. The name of the coordinate system stands below the drawing.

    Returns
    -------
    int
        Number of grids written.

    Raises
    ------
    WrongCrs
        A frame is not in metres.
    CannotWrite
        There are no grids, the ending is not .dxf, or the folder cannot be written to.
    """
    path = Path(path)
    if path.suffix.lower() != ".dxf":
        raise CannotWrite(N_("%(file)s: a drawing is written as .dxf."), file=path.name)
    if drawing.grids.empty:
        raise CannotWrite(N_("%(file)s: there are no grids to draw."), file=path.name)
    document = _empty_document()
    space = document.modelspace()
    for name in ("outline", "compounds", "buildings", "streets"):
        frame = getattr(drawing, name)
        if frame is not None and not frame.empty:
            require_metres(frame, name)
            _DRAW[name](space, frame)
    require_metres(drawing.grids, "grids")
    _draw_grids(space, drawing.grids)
    _put_below(document, drawing)
    with replacing(path) as target:
        document.saveas(target)
    return len(drawing.grids)


def _put_below(document: Document, drawing: Drawing) -> None:
    """Write what the drawing is under it, and let programs open it where it lies."""
    west, south, east, north = (float(value) for value in drawing.grids.total_bounds)
    note = f"{drawing.title}  {_crs_name(drawing.grids)}".strip()
    _text(document.modelspace(), note, (west, south - 3 * LABEL_M), "GP_NOTE", LABEL_M, middle=False)
    document.header["$EXTMIN"], document.header["$EXTMAX"] = (west, south, 0.0), (east, north, 0.0)
    middle = ((west + east) / 2, (south + north) / 2)
    document.set_modelspace_vport(height=max(north - south, east - west), center=middle)


def _empty_document() -> Document:
    document = new_document(VERSION, units=METRES)
    document.encoding = ENCODING
    document.appids.add(APPLICATION)
    document.styles.add(STYLE, font=FONT)
    for name, (colour, description) in LAYERS.items():
        document.layers.add(name, color=colour).description = description
    return document


def _crs_name(frame: gpd.GeoDataFrame) -> str:
    code = frame.crs.to_epsg()
    return f"{frame.crs.name} (EPSG:{code})" if code else str(frame.crs.name)


def _draw_grids(space: Modelspace, grids: gpd.GeoDataFrame) -> None:
    kinds = grids["kind"].astype(str) if "kind" in grids else np.full(len(grids), "general")
    names = grids["name"].fillna("") if "name" in grids else np.full(len(grids), "")
    households = grids["households"] if "households" in grids else np.zeros(len(grids), int)
    spots = shapely.point_on_surface(grids.geometry.to_numpy())
    rows = zip(grids["grid_code"], kinds, names, households, grids.geometry, spots, strict=True)
    for code, kind, name, count, shape, spot in rows:
        layer = "GP_GRID_SPECIAL" if kind == "special" else "GP_GRID"
        for line in _rings(space, shape, layer):
            line.set_xdata(APPLICATION, [(1000, str(code)), (1000, _one_line(name)), (1071, int(count))])
        _text(space, str(code), (spot.x, spot.y), "GP_GRID_CODE", LABEL_M)
        below = " ".join(part for part in (str(name), f"{int(count)}户" if count else "") if part)
        _text(space, below, (spot.x, spot.y - 1.5 * LABEL_M), "GP_GRID_NAME", 0.8 * LABEL_M)


def _draw_outline(space: Modelspace, frame: gpd.GeoDataFrame) -> None:
    for shape in frame.geometry:
        _rings(space, shape, "GP_OUTLINE")


def _draw_compounds(space: Modelspace, frame: gpd.GeoDataFrame) -> None:
    for shape in frame.geometry:
        _rings(space, shape, "GP_COMPOUND")


def _draw_buildings(space: Modelspace, frame: gpd.GeoDataFrame) -> None:
    for shape in frame.geometry:
        _rings(space, shape, "GP_BUILDING")
    _names(space, frame, shapely.point_on_surface(frame.geometry.to_numpy()), "GP_BUILDING_NAME")


def _draw_streets(space: Modelspace, frame: gpd.GeoDataFrame) -> None:
    for shape in frame.geometry:
        for part in shapely.get_parts(shape):
            _line(space, part, "GP_STREET", closed=False)
    lines = frame.geometry.to_numpy()
    _names(space, frame, shapely.line_interpolate_point(lines, 0.5, normalized=True), "GP_STREET_NAME")


_DRAW: dict[str, Callable[[Modelspace, gpd.GeoDataFrame], None]] = {
    "outline": _draw_outline,
    "compounds": _draw_compounds,
    "buildings": _draw_buildings,
    "streets": _draw_streets,
}


def _names(space: Modelspace, frame: gpd.GeoDataFrame, spots: Any, layer: str) -> None:
    if "name" not in frame:
        return
    for name, spot in zip(frame["name"].fillna(""), spots, strict=True):
        _text(space, str(name), (spot.x, spot.y), layer, 0.4 * LABEL_M)


def _rings(space: Modelspace, shape: BaseGeometry, layer: str) -> list[Any]:
    return [_line(space, ring, layer, closed=True) for ring in shapely.get_rings(shapely.get_parts(shape))]


def _line(space: Modelspace, line: BaseGeometry, layer: str, *, closed: bool) -> Any:
    spots = shapely.get_coordinates(line).round(_DECIMALS)
    # A closed line goes back to its beginning by itself.
    points = (spots[:-1] if closed else spots).tolist()
    return space.add_lwpolyline(points, close=closed, dxfattribs={"layer": layer})


def _text(
    space: Modelspace, text: str, at: tuple[float, float], layer: str, height: float, *, middle: bool = True
) -> None:
    if not text:
        return
    drawn = space.add_text(_one_line(text), height=height, dxfattribs={"layer": layer, "style": STYLE})
    drawn.set_placement(at, align=TextEntityAlignment.MIDDLE_CENTER if middle else TextEntityAlignment.LEFT)


def _one_line(text: str) -> str:
    """Without line breaks, each of which would end a record of the file, and with no more than a record holds."""
    return " ".join(text.split())[:80]
