"""Load: what grids are balanced by, a column of the buildings or of places, metres of street, or a mix of them."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import N_, CannotDraw
from geo.faces import Geometries, Numbers

EVERY_M = 5.0
"""Streets are counted in pieces of at most this length."""

BESIDE_M = 1.0
"""A street this close to a block's rim counts for it; one between two blocks for both by half."""

STREET_METRES = "street_metres"
HOUSEHOLDS = "households"

Load = str | Mapping[str, float]
"""The name of a column, or how much each of several counts: ``{"households": 1, "street_metres": 0.02}``."""


def as_mix(load: Load) -> Mapping[str, float]:
    """How much each column counts."""
    return {load: 1.0} if isinstance(load, str) else load


def sum_loads(
    shapes: Geometries,
    load: Load,
    buildings: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
) -> Numbers:
    """The load of each shape: the weighted sum of what stands and lies on it.

    Parameters
    ----------
    shapes : array of Polygon
        Metres; may touch, should not overlap.
    load : str or mapping
        Columns of ``buildings`` or ``places``, or ``street_metres``. Missing and negative values count as 0.
    buildings : GeoDataFrame
        Each counts where a point inside it lies.
    streets : GeoDataFrame, optional
        Needed for ``street_metres``.
    places : GeoDataFrame, optional
        Points (incidents, say) with columns.

    Raises
    ------
    CannotDraw
        When nothing has such a column.

    Examples
    --------
    >>> houses = gpd.GeoDataFrame({"residents": [3, 4, 5]}, geometry=gpd.points_from_xy([1, 2, 8], [1, 1, 1]))
    >>> sum_loads(np.array([shapely.box(0, 0, 5, 5), shapely.box(5, 0, 9, 5)]), "residents", houses).tolist()
    [7.0, 5.0]
    """
    total = np.zeros(len(shapes))
    for name, weight in as_mix(load).items():
        if name == STREET_METRES and streets is not None:
            total += weight * _street_metres(shapes, streets)
            continue
        frames = [frame for frame in (buildings, places) if frame is not None and name in frame and _counts(name)]
        if not frames:
            known = sorted({STREET_METRES, HOUSEHOLDS, *_numeric(buildings), *_numeric(places)})
            raise CannotDraw(
                N_("Nothing has a column %(column)s to balance grids by; there are: %(known)s."),
                column=name,
                known=", ".join(known),
            )
        for frame in frames:
            total += weight * _sum_column(shapes, frame, name)
    return total


def _counts(name: str) -> bool:
    """Whether a column counts something: keys are numbers too, but their sum says nothing."""
    return name != "id" and not name.endswith("_id")


def _numeric(frame: gpd.GeoDataFrame | None) -> list[str]:
    """The columns of a frame that can be summed."""
    return [] if frame is None else [name for name in frame.select_dtypes("number").columns if _counts(str(name))]


def _sum_column(shapes: Geometries, frame: gpd.GeoDataFrame, name: str) -> Numbers:
    """The sum of a column over what lies in each shape; what lies on a rim counts for the first shape."""
    spots = shapely.point_on_surface(frame.geometry.to_numpy())
    spot, shape = shapely.STRtree(shapes).query(spots, predicate="intersects")
    first = pd.Series(shape).groupby(spot).min()
    amounts = pd.to_numeric(frame[name], errors="coerce").fillna(0).clip(lower=0).to_numpy(dtype=float)
    return np.bincount(first.to_numpy(), weights=amounts[first.index], minlength=len(shapes)).astype(float)


def _street_metres(shapes: Geometries, streets: gpd.GeoDataFrame) -> Numbers:
    """Metres of street in and along each shape; those along two shapes or more are shared between them."""
    lines = shapely.get_parts(streets.geometry.to_numpy())
    lines = lines[~shapely.is_missing(lines) & (shapely.length(lines) > 0)]
    pieces = np.ceil(shapely.length(lines) / EVERY_M).astype(np.int64)
    line = np.repeat(np.arange(len(lines)), pieces)
    share = (np.arange(len(line)) - np.repeat(np.cumsum(pieces) - pieces, pieces) + 0.5) / pieces[line]
    spots = shapely.line_interpolate_point(lines[line], share, normalized=True)
    spot, shape = shapely.STRtree(shapes).query(spots, predicate="dwithin", distance=BESIDE_M)
    metres = (shapely.length(lines) / pieces)[line] / np.maximum(np.bincount(spot, minlength=len(line)), 1)
    return np.bincount(shape, weights=metres[spot], minlength=len(shapes)).astype(float)
