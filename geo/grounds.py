"""Grids as plain arrays: all that it takes to say whose ground a place is."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import geopandas as gpd


class Grounds(NamedTuple):
    """Grids as plain arrays, for those who have no use for tables.

    To bring in what reads and holds tables takes as long as to locate some million points.

    Parameters
    ----------
    geometry : object array of Polygon or MultiPolygon
        None where one is missing.
    codes : object array
        Text; None where there is none.
    kinds : object array
        ``general`` or ``special``.
    crs : pyproj.CRS or None
    """

    geometry: NDArray[np.object_]
    codes: NDArray[np.object_]
    kinds: NDArray[np.object_]
    crs: Any

    @classmethod
    def of(cls, grids: "Grounds | gpd.GeoDataFrame | gpd.GeoSeries") -> "Grounds":
        """The same grids; without codes where they have no column `grid_code`, all general where they have no `kind`.

        Examples
        --------
        >>> import geopandas as gpd
        >>> from shapely import box
        >>> Grounds.of(gpd.GeoDataFrame({"grid_code": ["A"]}, geometry=[box(0, 0, 1, 1)])).codes.tolist()
        ['A']
        """
        if isinstance(grids, Grounds):
            return grids
        # A series has no columns.
        columns: Any = getattr(grids, "columns", ())
        return cls(
            np.asarray(grids.geometry.array, dtype=object),
            grids["grid_code"].to_numpy(object) if "grid_code" in columns else np.full(len(grids), None, object),
            grids["kind"].to_numpy(object) if "kind" in columns else np.full(len(grids), "general", object),
            grids.crs,
        )


def is_there(code: Any) -> bool:
    """Whether a code is one: None and pandas's words for nothing are none.

    >>> is_there("A"), is_there(7), is_there(None), is_there(float("nan"))
    (True, True, False, False)
    """
    if isinstance(code, str):
        return True
    # NaN and NaT equal nothing, and NA does not even say so.
    same = code == code
    return code is not None and isinstance(same, bool | np.bool_) and bool(same)
