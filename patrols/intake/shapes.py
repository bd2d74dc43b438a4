"""Shapes on their way in: of the right kind, and mended where the intention is plain."""

import hashlib
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.exchange.degrees import WGS84
from data.metres import to_degrees
from geo.errors import N_
from patrols.intake.sheet import Sheet

LINES = ("LineString", "MultiLineString")
POLYGONS = ("Polygon", "MultiPolygon")


def take_shapes(sheet: Sheet, kinds: tuple[str, ...]) -> gpd.GeoSeries:
    """The rows' shapes in degrees; refused when missing, empty or of another kind, mended when a ring crosses itself.

    Where mending gives several kinds of pieces (a bow tie's spike), only the polygons count.
    """
    if "geometry" not in sheet.frame:
        sheet.refuse(
            _all(sheet), N_("The file has no shapes: give a map file (GeoPackage, GeoJSON, Shapefile, KML ...).")
        )
        return gpd.GeoSeries([None] * len(sheet.frame), index=sheet.frame.index, crs=WGS84)
    shapes = to_degrees(sheet.frame).geometry
    values = shapely.force_2d(shapes.array.to_numpy())
    absent = shapely.is_missing(values) | shapely.is_empty(values)
    sheet.refuse(_series(sheet, absent), N_("The row has no shape."))
    names = pd.Series(values, index=sheet.frame.index).map(lambda shape: "" if shape is None else shape.geom_type)
    wrong = ~absent & ~names.isin(kinds).to_numpy()
    sheet.refuse(
        _series(sheet, wrong),
        N_("The shape is a %(found)s, but should be one of %(wanted)s."),
        found=lambda position: names.iloc[position],
        wanted=", ".join(kinds),
    )
    usable = ~absent & ~wrong
    if kinds == POLYGONS:
        values = _mended(sheet, values, usable)
    return gpd.GeoSeries(np.where(usable, values, None), index=sheet.frame.index, crs=WGS84)


def shape_keys(shapes: gpd.GeoSeries) -> "pd.Series[str]":
    """A key made from the shape itself, for rows whose file gives none, so that the same file again changes nothing."""
    written = shapely.to_wkb(shapely.normalize(shapely.set_precision(shapes.array.to_numpy(), 1e-7, mode="pointwise")))
    keys = ["" if one is None else "shape:" + hashlib.blake2b(one, digest_size=12).hexdigest() for one in written]
    return pd.Series(keys, index=shapes.index, dtype=object)


def _mended(sheet: Sheet, values: "np.ndarray[Any, Any]", usable: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    broken = usable & ~shapely.is_valid(values)
    if not broken.any():
        return values
    values = values.copy()
    made = shapely.make_valid(values[broken], method="structure", keep_collapsed=False)
    values[broken] = made
    lost = broken & (shapely.is_empty(values) | ~np.isin(shapely.get_type_id(values), (3, 6)))
    sheet.refuse(_series(sheet, lost), N_("The shape is broken and encloses no ground."))
    for row in sheet.frame["source_row"].to_numpy()[broken & ~lost]:
        sheet.note(N_("A ring crosses itself; it was mended."), row=int(row))
    return values


def _series(sheet: Sheet, mask: "np.ndarray[Any, Any]") -> "pd.Series[bool]":
    return pd.Series(mask, index=sheet.frame.index)


def _all(sheet: Sheet) -> "pd.Series[bool]":
    return pd.Series(True, index=sheet.frame.index)
