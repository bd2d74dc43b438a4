"""Tables whose rows say where they are: longitude and latitude in two columns, or WKT in one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import shapely

from data.errors import UnreadableFile
from data.exchange.reading import Reading, Refusals
from data.exchange.tables import rename
from geo.errors import N_

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

LONGITUDE = ("lng", "long", "longitude", "x", "经度", "经度坐标", "东经", "lon_wgs84", "point_x")
LATITUDE = ("latitude", "y", "纬度", "纬度坐标", "北纬", "lat_wgs84", "point_y")
WKT = ("geom_wkt", "geometry_wkt", "the_geom", "图形", "几何")

CURVED = r"(?i)curve|circularstring|surface"


def to_points(
    reading: "Reading[pd.DataFrame]", *, x: str | None = None, y: str | None = None
) -> "tuple[gpd.GeoDataFrame, Refusals]":
    """Make features of a table's rows; rows without a usable place are refused.

    Parameters
    ----------
    reading : Reading
        As `tables.read_table` hands it back.
    x, y : str, optional
        The headings of the two columns, where they are unusual.

    Returns
    -------
    GeoDataFrame, Refusals
        Without CRS; the columns that held the place are left out.

    Raises
    ------
    UnreadableFile
        No columns hold a place.
    """
    table, refusals = reading.frame, Refusals.of(reading)
    wanted = {"lon": (x,) if x else LONGITUDE, "lat": (y,) if y else LATITUDE}
    found = {target: column for column, target in rename(table.columns, wanted, file=refusals.file).items()}
    if x and x in table.columns and y and y in table.columns:
        found = {"lon": x, "lat": y}
    if {"lon", "lat"} <= found.keys():
        return _from_numbers(table, found["lon"], found["lat"], refusals), refusals
    wkt = next(iter(rename(table.columns, {"wkt": WKT}, file=refusals.file)), None)
    if wkt is not None:
        return _from_wkt(table, wkt, refusals), refusals
    raise UnreadableFile(
        N_(
            "%(file)s: no column holds longitudes or latitudes. Its columns are: %(columns)s. Name them 经度 and 纬度 "
            "(or lon and lat)."
        ),
        file=refusals.file,
        columns=", ".join(str(column) for column in table.columns if column != "source_row"),
    )


def _from_numbers(table: "pd.DataFrame", lon: str, lat: str, refusals: Refusals) -> "gpd.GeoDataFrame":
    import pandas as pd  # the headings of places are for readers without frames too

    values = {}
    right = pd.Series(True, index=table.index)
    for column in (lon, lat):
        cells = table[column]
        numbers = pd.to_numeric(cells, errors="coerce").astype(float)
        finite = pd.Series(np.isfinite(numbers), index=table.index)
        refusals.add_where(right & cells.isna(), table["source_row"], N_("The place is missing."), column=column)
        refusals.add_where(
            right & cells.notna() & ~finite,
            table["source_row"],
            N_("“%(value)s” is no number. Write degrees with a decimal point, such as 116.3265."),
            column=column,
            value=_at(cells),
        )
        right &= finite
        values[column] = numbers
    shapes = np.full(len(table), None, dtype=object)
    at = np.flatnonzero(right)
    shapes[at] = shapely.points(values[lon].to_numpy()[at], values[lat].to_numpy()[at])
    return _placed(table, shapes, [lon, lat])


def _from_wkt(table: "pd.DataFrame", wkt: str, refusals: Refusals) -> "gpd.GeoDataFrame":
    import pandas as pd  # as above

    cells = table[wkt]
    straight = cells.where(cells.notna() & ~cells.str.contains(CURVED, na=False), None)
    with np.errstate(all="ignore"):  # numbers beyond all numbers are refused with their row, further on
        shapes = shapely.from_wkt(straight.to_numpy(dtype=object), on_invalid="ignore")
    refusals.add_where(cells.isna(), table["source_row"], N_("The place is missing."), column=wkt)
    refusals.add_where(
        cells.notna() & pd.Series(shapely.is_missing(shapes), index=table.index),
        table["source_row"],
        N_("“%(value)s” is not a shape that is read here: points, lines and polygons in WKT are."),
        column=wkt,
        value=_at(cells),
    )
    return _placed(table, shapes, [wkt])


def _placed(table: "pd.DataFrame", shapes: "np.ndarray", without: Sequence[str]) -> "gpd.GeoDataFrame":
    import geopandas as gpd  # as above

    frame = gpd.GeoDataFrame(table.drop(columns=list(without)), geometry=gpd.GeoSeries(shapes, index=table.index))
    return frame[frame.geometry.notna()]


def _at(cells: "pd.Series[str]"):  # type: ignore[no-untyped-def]
    return lambda position: str(cells.iloc[position])[:60]
