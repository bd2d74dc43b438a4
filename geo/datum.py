"""The ways in which China writes a position, and how to get from one to another.

GCJ-02 shifts WGS 84 by a public formula, BD-09 shifts GCJ-02 once more, and Baidu also writes BD-09 in its own metres.
None of them has an EPSG code, so no library of coordinate systems knows them; here they are undone while reading.
Survey offices write metres of 3-degree Gauss-Krueger zones of CGCS2000, with or without the zone's number in front.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray

from geo import projections, shifts
from geo.errors import N_, UnknownDatum, WrongCrs

if TYPE_CHECKING:
    import geopandas as gpd

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]
Frame = TypeVar("Frame", "gpd.GeoDataFrame", "gpd.GeoSeries")

DEGREES = ("wgs84", "cgcs2000", "gcj02", "bd09")
"""Those that are longitude and latitude."""

DATUMS = (*DEGREES, "bd09mc")
"""Those, and BD-09 in Baidu's Mercator metres."""

ZONES = {
    **{f"gk3-{one}e": projections.zone_epsg(one, prefixed=False) for one in projections.CENTRAL_MERIDIANS},
    **{f"gk3-zone{one // 3}": projections.zone_epsg(one, prefixed=True) for one in projections.CENTRAL_MERIDIANS},
}
"""3-degree Gauss-Krueger zones of CGCS2000 and their EPSG codes: by the central meridian where eastings have six digits
(``gk3-117e``), by the zone's number where it stands in front of them (``gk3-zone39``)."""

NAMES = (*DATUMS, *ZONES)

_LISTED = f"{', '.join(DATUMS)}, gk3-75e ... gk3-135e, gk3-zone25 ... gk3-zone45"
# Rows worked on together: the many intermediate arrays of one slice stay in the processor's cache.
_SLICE = 16_384


def require_datum(name: str) -> str:
    """Hand back a datum's name.

    Raises
    ------
    UnknownDatum
        When it is none of `NAMES`.
    """
    if name not in NAMES:
        raise UnknownDatum(N_("Unknown datum %(datum)s: it is one of %(known)s."), datum=repr(name), known=_LISTED)
    return name


def in_metres(name: str) -> bool:
    """Whether positions in this datum are metres, not degrees; raises `UnknownDatum`."""
    return require_datum(name) not in DEGREES


def crs_of(name: str) -> pyproj.CRS | None:
    """The coordinate reference system that a frame in this datum carries.

    EPSG:4326 for degrees (GCJ-02 and BD-09 have no code of their own), the zone's own for Gauss-Krueger metres, None
    for Baidu's metres. Raises `UnknownDatum`.
    """
    if not in_metres(name):
        return pyproj.CRS.from_epsg(4326)
    return pyproj.CRS.from_epsg(ZONES[name]) if name in ZONES else None


def convert(lon: ArrayLike, lat: ArrayLike, *, source: str, target: str, everywhere: bool = False) -> Pair:
    """Turn positions written in one datum into another.

    WGS 84 and CGCS2000 are taken as equal (they differ by decimetres). Outside the box 72.004-137.8347 E,
    0.8293-55.8271 N, GCJ-02 equals WGS 84 by definition, and so does BD-09 here. The way back is solved, not
    approximated: what is found goes forward to the position given to 1e-8 m, and there and back moves a point by less
    than 1e-7 m. Only within about a kilometre outside the box is the way back ambiguous; there the solution inside the
    box wins. A Gauss-Krueger zone takes positions up to 20 degrees beside its meridian that exactly. NaN stays NaN, and
    a position that the target cannot hold becomes NaN.

    Parameters
    ----------
    lon, lat : array_like of float
        Degrees; for a `source` in metres easting and northing, in this order. (Chinese survey sheets name the northing
        X and the easting Y.) Broadcast against each other.
    source, target : str
        What they are written in, and what is wanted: ``wgs84 cgcs2000 gcj02 bd09`` (degrees), ``bd09mc`` (Baidu's
        Mercator metres), ``gk3-75e`` ... ``gk3-135e`` (zones by central meridian), ``gk3-zone25`` ... ``gk3-zone45``
        (zones whose number stands in front of the easting).
    everywhere : bool, default False
        Apply the formulas outside the box too, for sources known to do so.

    Returns
    -------
    tuple of float64 arrays
        Longitudes and latitudes in degrees, or eastings and northings in metres, in the shape of the inputs.

    Raises
    ------
    UnknownDatum
        When `source` or `target` is none of `NAMES`.

    Examples
    --------
    Tiananmen, written by a GPS receiver and read by a Chinese map: half a kilometre apart.

    >>> lon, lat = convert(116.3974, 39.9087, source="wgs84", target="gcj02")
    >>> print(f"{lon:.6f} {lat:.6f}")
    116.403644 39.910103

    The same place on a survey office's sheet, with the zone's number in front.

    >>> x, y = convert(116.3974, 39.9087, source="wgs84", target="gk3-zone39")
    >>> print(f"{x:.1f} {y:.1f}")
    39448473.0 4419565.5
    """
    steps = _way(require_datum(source), require_datum(target))
    first, second = np.broadcast_arrays(np.asarray(lon, float), np.asarray(lat, float))
    x, y = np.array(first), np.array(second)
    flat_x, flat_y = x.reshape(-1), y.reshape(-1)
    for start in range(0, x.size if steps else 0, _SLICE):
        part = slice(start, start + _SLICE)
        moved = flat_x[part], flat_y[part]
        for step in steps:
            moved = step(*moved, everywhere)
        flat_x[part], flat_y[part] = moved
    return x, y


def convert_frame(frame: Frame, *, source: str, target: str, everywhere: bool = False) -> Frame:
    """Turn every vertex of a frame from one datum into another; see `convert`.

    Parameters
    ----------
    frame : GeoDataFrame or GeoSeries
        In degrees it carries EPSG:4326 or 4490 (or no CRS), since GCJ-02 and BD-09 have no code of their own. In metres
        it carries none, or that of the zone.
    source, target, everywhere
        As in `convert`.

    Returns
    -------
    GeoDataFrame or GeoSeries
        A copy with the same index and columns, heights kept. From degrees to degrees it keeps its CRS, otherwise it has
        that of the target (`crs_of`).

    Raises
    ------
    WrongCrs
        When the frame says that it is in something else than `source`.
    UnknownDatum
        When a name is none of `NAMES`.
    """
    import geopandas as gpd  # who converts numbers needs no frames

    _require_written_in(frame.crs, source)
    crs = frame.crs if not (in_metres(source) or in_metres(target)) else crs_of(target)

    def moved(coordinates: Floats) -> Floats:
        return np.column_stack(
            convert(coordinates[:, 0], coordinates[:, 1], source=source, target=target, everywhere=everywhere)
        )

    series = frame if isinstance(frame, gpd.GeoSeries) else frame.geometry
    geometry = gpd.GeoSeries(_transform(series, moved), index=frame.index, crs=crs, name=series.name)
    if isinstance(frame, gpd.GeoSeries):
        return geometry
    # Replacing the column would keep the old CRS; a frame without any takes the new one's.
    return frame.set_geometry(geometry) if crs == frame.crs else _with_geometry(frame, geometry)


def _with_geometry(frame: "gpd.GeoDataFrame", geometry: "gpd.GeoSeries") -> "gpd.GeoDataFrame":
    import geopandas as gpd  # as above

    name, columns = frame.geometry.name, frame.columns
    moved = frame.drop(columns=name).assign(**{name: geometry})
    return gpd.GeoDataFrame(moved[columns], geometry=name, crs=geometry.crs)


def _require_written_in(crs: Any, source: str) -> None:
    if crs is None:
        require_datum(source)
        return
    if in_metres(source):
        zone = crs_of(source)
        if zone is None or not crs.equals(zone, ignore_axis_order=True):
            raise WrongCrs(N_("The frame is in %(crs)s, not in %(datum)s."), crs=crs.name, datum=source)
    elif not crs.is_geographic:
        raise WrongCrs(
            N_("A datum can only be changed in degrees, but the frame is in %(crs)s: convert it to EPSG:4326 first."),
            crs=crs.name,
        )


def _transform(series: "gpd.GeoSeries", moved: Callable[[Floats], Floats]) -> NDArray[np.object_]:
    def moved_with_height(coordinates: Floats) -> Floats:
        return np.column_stack([moved(coordinates), coordinates[:, 2:]])

    geometry: NDArray[np.object_] = series.to_numpy().copy()
    high = shapely.has_z(geometry)
    geometry[~high] = shapely.transform(geometry[~high], moved)
    geometry[high] = shapely.transform(geometry[high], moved_with_height, include_z=True)
    return geometry


Step = Callable[[Floats, Floats, bool], Pair]


def _way(source: str, target: str) -> list[Step]:
    """The steps from one datum to the other: along the chain from WGS 84 to Baidu's metres, zones hanging at WGS 84."""
    if source == target:
        return []
    start, end = _RANK.get(source, 0), _RANK.get(target, 0)
    steps: list[Step] = []
    if source in ZONES:
        steps.append(_plain(projections.from_zone, ZONES[source]))
    steps.extend(_OUTWARD[start:end] if end >= start else _HOMEWARD[end:start][::-1])
    if target in ZONES:
        steps.append(_plain(projections.to_zone, ZONES[target]))
    return steps


def _plain(project: Callable[..., Pair], *fixed: int) -> Step:
    """A projection as a step: it is the same in China and elsewhere."""
    return lambda x, y, everywhere: project(x, y, *fixed)


_RANK = {"wgs84": 0, "cgcs2000": 0, "gcj02": 1, "bd09": 2, "bd09mc": 3}
_OUTWARD: tuple[Step, ...] = (shifts.wgs_to_gcj, shifts.gcj_to_bd, _plain(projections.to_baidu_metres))
_HOMEWARD: tuple[Step, ...] = (shifts.gcj_to_wgs, shifts.bd_to_gcj, _plain(projections.from_baidu_metres))
