"""Map files of any kind the community meets, as features in longitude and latitude."""

from pathlib import Path

import geopandas as gpd
import pyproj

from data.errors import UnreadableFile
from data.exchange import geojson, kml, layers, shapefile
from data.exchange.degrees import in_degrees
from data.exchange.endings import PARQUET_ENDINGS, TEXT_ENDINGS, WORKBOOK_ENDINGS
from data.exchange.points import to_points
from data.exchange.reading import Reading, Refusals
from data.exchange.tables import read_opened
from data.exchange.unpack import Source, opened
from geo.errors import N_

TABLE_ENDINGS = TEXT_ENDINGS | WORKBOOK_ENDINGS
ENDINGS = frozenset(
    {
        ".shp",
        ".dbf",
        *geojson.ENDINGS,
        ".kml",
        ".gpkg",
        ".fgb",
        ".parquet",
        ".geoparquet",
        ".osm",
        ".pbf",
        *TABLE_ENDINGS,
    }
)


def read_features(
    path: str | Path,
    *,
    datum: str = "wgs84",
    layer: str | None = None,
    name: str | None = None,
    crs: str | None = None,
    x: str | None = None,
    y: str | None = None,
    encoding: str | None = None,
    having: str | None = None,
) -> Reading[gpd.GeoDataFrame]:
    """Read a map file, or a table with longitudes and latitudes, as features in EPSG:4326.

    The coordinate system that the file declares is honoured. A file that declares none is taken as degrees only where
    its format says so (GeoJSON, KML, tables); otherwise it is refused with what to do. Heights are left out. Features
    without a shape, or that lie nowhere on earth, are refused one by one.

    Parameters
    ----------
    path : str or Path
        GeoPackage, GeoJSON, Shapefile (.shp with its companions beside it, or all in one .zip), KML, KMZ, FlatGeobuf,
        GeoParquet, CSV or XLSX with longitude and latitude (or WKT), OpenStreetMap (.osm, .osm.gz, .osm.pbf).
    datum : str
        In which the degrees, or metres, are written: one of `geo.datum.NAMES`; it is undone.
    layer : str, optional
        Which layer, sheet or file of an archive, when there are several. OpenStreetMap has points, lines,
        multipolygons.
    name : str, optional
        The file's name as the user gave it, when ``path`` is an upload's temporary place.
    crs : str, optional
        The coordinate system of a file that declares none, as ``EPSG:4549``.
    x, y : str, optional
        Headings of a table's longitude and latitude, where they are unusual.
    encoding : str, optional
        Of a text or .dbf that does not declare it.
    having : str, optional
        Only features where this column holds something; nothing is refused of the others.

    Returns
    -------
    Reading
        GeoDataFrame with the file's own columns, ``source_row`` (line of a table with the headings as 1; number of the
        feature from 1 otherwise) and ``geometry``.

    Raises
    ------
    UnreadableFile
        Nothing can be made of the file as a whole; the message says why and what to do.
    """
    with opened(path, ENDINGS, name=name, member=layer) as source:
        frame, refusals = _as_written(source, layer, x, y, encoding)
        if having in frame:
            wanted = frame[having].notna() & (frame[having] != "")
            refusals.forget(frame.loc[~wanted, "source_row"])
            frame = frame[wanted]
        declared = frame.crs if frame.crs is not None else _given(crs, source)
        by_format = source.ending in DEGREES_BY_FORMAT or _is_plain_parquet(source)
        frame = in_degrees(frame, declared, refusals, datum=datum, degrees_by_format=by_format)
        return refusals.reading(frame)


def read_as_written(
    path: str | Path, *, layer: str | None = None, name: str | None = None, x: str | None = None, y: str | None = None
) -> tuple[gpd.GeoDataFrame, Refusals]:
    """Read the features with their coordinates as they stand, for those who want to find out what they are written in.

    Parameters as in `read_features`. The frame carries the coordinate system that the file declares, or none.
    """
    with opened(path, ENDINGS, name=name, member=layer) as source:
        return _as_written(source, layer, x, y, None)


def _as_written(
    source: Source, layer: str | None, x: str | None, y: str | None, encoding: str | None
) -> tuple[gpd.GeoDataFrame, Refusals]:
    if source.ending in TABLE_ENDINGS:
        return to_points(read_opened(source, sheet=layer, encoding=encoding), x=x, y=y)
    if _is_plain_parquet(source):
        return to_points(layers.read_parquet_table(source), x=x, y=y)
    refusals = Refusals(source.name)
    return _read(source, refusals, layer, encoding), refusals


def _is_plain_parquet(source: Source) -> bool:
    return source.ending in PARQUET_ENDINGS and layers.is_plain_parquet(source)


DEGREES_BY_FORMAT = TABLE_ENDINGS | geojson.ENDINGS | {".kml", ".osm", ".pbf"}


def _given(crs: str | None, source: Source) -> pyproj.CRS | None:
    if crs is None:
        return None
    try:
        return pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as error:
        raise UnreadableFile(
            N_("%(file)s: %(crs)s is not the name of a coordinate system. Write it as EPSG:4549."),
            file=source.name,
            crs=crs,
        ) from error


def _read(source: Source, refusals: Refusals, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    if source.ending in geojson.ENDINGS:
        return geojson.read_geojson(source, refusals)
    if source.ending == ".kml":
        return kml.read_kml(source, refusals)
    if source.ending == ".shp":
        return shapefile.read_shapefile(source, refusals, encoding=encoding)
    if source.ending == ".dbf":
        raise UnreadableFile(
            N_("%(file)s is only the table of a Shapefile. Send its .shp with it, best all of them packed as .zip."),
            file=source.name,
        )
    if source.ending in PARQUET_ENDINGS:
        return layers.read_parquet(source, refusals)
    return layers.read_layer(source, refusals, layer=layer)
