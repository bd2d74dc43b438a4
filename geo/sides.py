"""The four sides of a place (四至): which street it reaches to in the east, south, west and north."""

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import require_metres, require_same

SIDES = ("east", "south", "west", "north")
"""In the order in which Chinese notices name them: 东至, 南至, 西至, 北至."""

STEP_M = 10.0
"""Along a border a street is looked for every so many metres."""

LEAST_SHARE = 0.3
"""Share of a side that its street must follow."""


def four_sides(shape: Any, streets: gpd.GeoDataFrame, *, reach_m: float = 20.0) -> dict[str, str]:
    """Name the street that each side of a place follows for longest.

    A side is what of the outer border faces that way: its outward normal lies within 45 degrees of it; a tie goes to
    the side that Chinese notices name first. A side that no named street follows for at least `LEAST_SHARE` is left
    out: what merely crosses at its corner does not bound it. Where two streets follow a side equally long, the name
    that sorts first stands. One street does not bound opposite sides: the side that it follows for longer has it (a
    tie: the one named first), the other none.

    Parameters
    ----------
    shape : Polygon or MultiPolygon
        In metres. Holes have no sides.
    streets : GeoDataFrame
        Lines with ``name``, in the CRS of `shape`.
    reach_m : float
        20 m: half of an arterial street with its pavements.

    Returns
    -------
    dict
        Name of a street by side, in the order of `SIDES`.

    Raises
    ------
    WrongCrs
        The streets are not in metres.

    Examples
    --------
    >>> lines = [shapely.LineString([(105, 0), (105, 90)]), shapely.LineString([(0, -5), (90, -5)])]
    >>> streets = gpd.GeoDataFrame({"name": ["East Road", "South Lane"]}, geometry=lines, crs=4548)
    >>> four_sides(shapely.box(0, 0, 100, 100), streets)
    {'east': 'East Road', 'south': 'South Lane'}
    """
    require_metres(streets, "streets")
    require_same(streets, gpd.GeoSeries([shape], crs=streets.crs), "streets", "place")
    named = streets[streets["name"].fillna("") != ""]
    if named.empty:
        return {}
    spots, side = _border_spots(shape)
    found, nearest = named.sindex.nearest(spots, max_distance=reach_m, return_all=False)
    names = named["name"].to_numpy(dtype=object)[nearest]
    least = LEAST_SHARE * np.bincount(side, minlength=len(SIDES))
    sides = [_commonest(names[side[found] == i], least[i]) for i in range(len(SIDES))]
    for one in (0, 1):
        if sides[one][0] == sides[one + 2][0]:
            sides[one if sides[one][1] < sides[one + 2][1] else one + 2] = ("", 0)
    return {word: name for word, (name, _) in zip(SIDES, sides, strict=True) if name}


def _border_spots(shape: Any) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Points every few metres along the outer border, and which way each faces."""
    rings = shapely.get_exterior_ring(shapely.orient_polygons(shapely.get_parts(shape)))
    dense = shapely.segmentize(rings, STEP_M)
    corners, ring = shapely.get_coordinates(dense, return_index=True)
    edge = ring[1:] == ring[:-1]
    along = np.diff(corners, axis=0)[edge]
    middles = shapely.points((corners[1:] + corners[:-1])[edge] / 2)
    # The ring runs anticlockwise, so the outside lies to the right of every edge.
    east, north = along[:, 1], -along[:, 0]
    facing = np.stack([east, -north, -east, north])
    return middles, np.argmax(facing, axis=0)


def _commonest(names: NDArray[np.object_], least: float) -> tuple[str, int]:
    """The name that most spots have, and how many do; none where those are too few."""
    which, counts = np.unique(names.astype(str), return_counts=True)
    if not len(counts) or counts.max() < least:
        return "", 0
    return str(which[np.argmax(counts)]), int(counts.max())
