"""From whatever a file declares to longitude and latitude, and the places that cannot be on earth."""

import warnings
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from pyproj.transformer import AreaOfInterest, TransformerGroup

from data.errors import UnreadableFile
from data.exchange.reading import Refusals
from geo.datum import convert_frame, crs_of, in_metres
from geo.errors import N_

if TYPE_CHECKING:
    import geopandas as gpd

WGS84 = "EPSG:4326"
POLYGON, MULTIPOLYGON = 3, 6
SHIFTED = {"gcj02", "bd09"}
SAME_AS_WGS84 = (
    "world geodetic system 1984",
    "wgs 84",
    "wgs 1984",
    "d wgs 1984",
    "china 2000",
    "cgcs2000",
    "d china 2000",
)
DEGREE_IN_RADIANS = 0.0174532925199433
ROUNDING_DEGREES = 1e-9
METRES = (360.0, 1e8)
"""Between these, a number is no degree that somebody mistyped, but may be metres."""
GOOD_ENOUGH_M = 1.0


def in_degrees(
    frame: "gpd.GeoDataFrame",
    declared: pyproj.CRS | None,
    refusals: Refusals,
    *,
    datum: str = "wgs84",
    degrees_by_format: bool = False,
    whole: bool = True,
) -> "gpd.GeoDataFrame":
    """The features in EPSG:4326, without heights; those without a place on earth are refused.

    Parameters
    ----------
    frame : GeoDataFrame
        With ``source_row``; its own CRS is not looked at.
    declared : CRS, optional
        What the file or the user says.
    refusals : Refusals
    datum : str
        In which the degrees are written, or the metres of a datum that has its own.
    degrees_by_format : bool
        Whether the format itself means degrees of WGS 84 when nothing is declared.
    whole : bool
        Whether these rows tell about the whole file, so that a fault that all of them have is told once.

    Raises
    ------
    UnreadableFile
        Nothing is declared, it is no system on earth, no exact way leads from it to WGS 84, or it is another than that
        of a datum in metres.
    """
    if in_metres(datum):
        return _from_metres(frame, declared, refusals, datum)
    if declared is None and (degrees_by_format or datum in SHIFTED):
        declared = pyproj.CRS(WGS84)
    if declared is None:
        raise UnreadableFile(
            N_(
                "%(file)s does not say in which coordinate system it is (a Shapefile says so in "
                "its .prj). Add it, or name the "
                "system, such as EPSG:4490 for degrees of CGCS2000."
            ),
            file=refusals.file,
        )
    if datum in SHIFTED and not declared.is_geographic:
        raise UnreadableFile(
            N_("%(file)s is in %(crs)s, but %(datum)s is only written in degrees. Leave out one of the two."),
            file=refusals.file,
            crs=declared.name,
            datum=datum,
        )
    frame = _flat(frame, refusals)
    shapes = _on_earth(frame, _transformed(frame, declared, refusals), declared, refusals, whole)
    frame = frame[shapes.notna().to_numpy()].set_geometry(shapes[shapes.notna()], crs=WGS84)
    if datum != "wgs84":
        frame = convert_frame(frame, source=datum, target="wgs84")
    return frame


def _from_metres(
    frame: "gpd.GeoDataFrame", declared: pyproj.CRS | None, refusals: Refusals, datum: str
) -> "gpd.GeoDataFrame":
    """Metres of a datum: the file may declare nothing, the same zone, or (Baidu's metres) everybody's Mercator."""
    import geopandas as gpd  # who only asks about a coordinate system needs no frames

    own = crs_of(datum) or pyproj.CRS("EPSG:3857")
    # A Shapefile's .prj has other words for the same system: 25 is the confidence that these still deserve.
    if declared is not None and declared.to_epsg(min_confidence=25) != own.to_epsg():
        raise UnreadableFile(
            N_("%(file)s says that it is in %(crs)s, not in %(datum)s. Leave out one of the two."),
            file=refusals.file,
            crs=declared.name,
            datum=datum,
        )
    frame = _flat(frame, refusals)
    shapes = gpd.GeoSeries(frame.geometry.array.to_numpy(), index=frame.index)
    if len(shapes) and np.nanmax(np.abs(shapes.total_bounds)) <= METRES[0]:
        raise UnreadableFile(
            N_("%(file)s holds degrees, but %(datum)s is written in metres. Correct the name of the datum."),
            file=refusals.file,
            datum=datum,
        )
    with np.errstate(all="ignore"):  # what is no place on earth is refused right below, with its row
        shapes = convert_frame(shapes, source=datum, target="wgs84")
    shapes = _on_earth(frame, shapes, pyproj.CRS(WGS84), refusals)
    return frame[shapes.notna().to_numpy()].set_geometry(shapes[shapes.notna()], crs=WGS84)


def _flat(frame: "gpd.GeoDataFrame", refusals: Refusals) -> "gpd.GeoDataFrame":
    """Two-dimensional, without features that have no shape."""
    import geopandas as gpd  # as above

    shapes = shapely.force_2d(frame.geometry.to_numpy())
    new = ~frame["source_row"].isin({refusal.row for refusal in refusals.sorted()}).to_numpy()
    nothing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    flat = without_area(shapes)
    refusals.add_where(nothing & new, frame["source_row"], N_("The feature has no shape."))
    refusals.add_where(flat & new, frame["source_row"], N_("The polygon encloses no area."))
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index))[~nothing & ~flat]


def without_area(shapes: "npt.NDArray[np.object_]") -> "npt.NDArray[np.bool_]":
    """Which of the shapes are polygons that enclose nothing."""
    kinds = shapely.get_type_id(shapes)
    areas = np.isin(kinds, [POLYGON, MULTIPOLYGON]) & ~shapely.is_empty(shapes)
    flat: npt.NDArray[np.bool_] = areas & (shapely.area(shapes) == 0.0)
    return flat


def _transformed(frame: "gpd.GeoDataFrame", declared: pyproj.CRS, refusals: Refusals) -> "gpd.GeoSeries":
    import geopandas as gpd  # as above

    shapes = frame.geometry.to_numpy()
    own_degrees = _own_degrees(declared, refusals)
    if not is_greenwich_degrees(declared):
        shapes = _moved(shapes, _unprojected(declared, own_degrees, refusals))
    if not is_wgs84(declared):
        shapes = _moved(shapes, _way(own_degrees, shapes, declared, refusals))
    return gpd.GeoSeries(shapes, index=frame.index)


def _own_degrees(declared: pyproj.CRS, refusals: Refusals) -> pyproj.CRS:
    """The degrees of its own datum; a site plan has none."""
    if declared.geodetic_crs is None or not (declared.is_geographic or declared.is_projected):
        raise _no_way(declared, refusals)
    return pyproj.CRS(declared.geodetic_crs.to_2d())


def _unprojected(declared: pyproj.CRS, own_degrees: pyproj.CRS, refusals: Refusals) -> pyproj.Transformer:
    try:
        return pyproj.Transformer.from_crs(declared, own_degrees, always_xy=True)
    except pyproj.exceptions.ProjError as error:
        raise _no_way(declared, refusals) from error


def _moved(shapes: "npt.NDArray[np.object_]", way: pyproj.Transformer) -> "npt.NDArray[np.object_]":
    moved: npt.NDArray[np.object_] = shapely.transform(shapes, lambda places: np.column_stack(way.transform(*places.T)))
    return moved


def _way(
    degrees: pyproj.CRS, shapes: "npt.NDArray[np.object_]", declared: pyproj.CRS, refusals: Refusals
) -> pyproj.Transformer:
    """The best published way to WGS 84 for this ground; says so when it is only good to some metres."""
    west, south, east, north = shapely.total_bounds(shapes)
    ground = None
    if np.isfinite([west, south, east, north]).all() and abs(west) <= 180 and abs(east) <= 180:
        ground = AreaOfInterest(float(west), max(float(south), -90.0), float(east), min(float(north), 90.0))
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # that a better way would need a grid from the internet; its accuracy says as much
        ways = TransformerGroup(
            degrees, WGS84, always_xy=True, allow_ballpark=False, area_of_interest=ground
        ).transformers
    if not ways:
        raise _no_way(declared, refusals)
    if not 0 <= ways[0].accuracy <= GOOD_ENOUGH_M:
        refusals.note(
            N_("Converted from “%(crs)s”, which is only possible to about %(metres)s metres."),
            crs=declared.name,
            metres=f"{ways[0].accuracy:.0f}" if ways[0].accuracy >= 0 else "?",
        )
    return ways[0]


def _no_way(declared: pyproj.CRS, refusals: Refusals) -> UnreadableFile:
    return UnreadableFile(
        N_(
            "%(file)s is in “%(crs)s”, from which no published way leads to WGS 84 on this ground. Have it "
            "converted to CGCS2000 (EPSG:4490) first."
        ),
        file=refusals.file,
        crs=declared.name,
    )


def is_greenwich_degrees(crs: pyproj.CRS) -> bool:
    """Degrees east of Greenwich, whatever the order of their axes: every format we read writes longitude first."""
    greenwich = crs.prime_meridian is not None and crs.prime_meridian.longitude == 0
    unit = crs.axis_info[0].unit_conversion_factor if crs.axis_info else 0.0
    return crs.is_geographic and greenwich and abs(unit - DEGREE_IN_RADIANS) < ROUNDING_DEGREES


def is_wgs84(crs: pyproj.CRS) -> bool:
    """WGS 84, or CGCS2000, which is taken as equal."""
    datum = (crs.datum.name if crs.datum is not None else "").casefold().replace("_", " ")
    return datum.startswith(SAME_AS_WGS84)


def is_wgs84_degrees(crs: pyproj.CRS) -> bool:
    """Whether numbers in this system are longitudes and latitudes of WGS 84 (or CGCS2000) as they stand."""
    return is_greenwich_degrees(crs) and is_wgs84(crs)


def _on_earth(
    frame: "gpd.GeoDataFrame", shapes: "gpd.GeoSeries", declared: pyproj.CRS, refusals: Refusals, whole: bool = True
) -> "gpd.GeoSeries":
    """None where a coordinate is no number or no place; says so when the two look swapped or are metres."""
    bounds = shapely.bounds(shapes.to_numpy())
    finite = np.isfinite(bounds).all(axis=1)
    lon, lat = np.abs(bounds[:, [0, 2]]).max(axis=1), np.abs(bounds[:, [1, 3]]).max(axis=1)
    outside = ~finite | (lon > 180.0 + ROUNDING_DEGREES) | (lat > 90.0 + ROUNDING_DEGREES)
    swapped = finite & (lat > 90.0) & (lat <= 180.0) & (lon <= 90.0)
    largest = np.maximum(lon, lat)
    metres = finite & (largest > METRES[0]) & (largest < METRES[1]) & declared.is_geographic
    if whole:
        _refuse_whole(swapped, metres, refusals)
    rows = frame["source_row"]

    def place(at: int) -> str:
        return ", ".join(f"{number:.6g}" for number in bounds[at, :2])

    refusals.add_where(swapped, rows, N_("%(place)s is no longitude and latitude; the two look swapped."), place=place)
    refusals.add_where(
        metres,
        rows,
        N_(
            "%(place)s is no longitude and latitude; the coordinates look like metres. Name "
            "the file's coordinate system."
        ),
        place=place,
    )
    refusals.add_where(outside & ~swapped & ~metres, rows, N_("%(place)s is no place on earth."), place=place)
    return shapes.where(~outside, None)


def _refuse_whole(swapped: "npt.NDArray[np.bool_]", metres: "npt.NDArray[np.bool_]", refusals: Refusals) -> None:
    """One sentence instead of as many as there are features, when all have the same fault."""
    if len(metres) and metres.all():
        raise UnreadableFile(
            N_(
                "%(file)s holds metres where it says or means degrees. Correct what it says about its coordinate "
                "system (a Shapefile's .prj), or name it, such as EPSG:4549."
            ),
            file=refusals.file,
        )
    if len(swapped) > 1 and swapped.all():
        raise UnreadableFile(
            N_(
                "%(file)s has longitude and latitude swapped. Longitude comes first in map "
                "files; in tables, exchange the headings."
            ),
            file=refusals.file,
        )
