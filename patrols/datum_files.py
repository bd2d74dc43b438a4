"""From files to `patrols.datum_check`: which datum a file is in, by files of streets and buildings."""

from pathlib import Path

import geopandas as gpd

from data.errors import UnreadableFile
from data.exchange import gpx
from data.exchange.sources import read
from data.exchange.vector import read_as_written, read_features
from patrols.datum_check import WEB_MERCATOR, DatumCheck, check_shapes
from patrols.intake.places import building_rows, street_rows


def check_file(
    path: Path,
    streets: Path,
    buildings: Path | None = None,
    *,
    said: str = "wgs84",
    streets_datum: str = "wgs84",
    layer: str | None = None,
) -> DatumCheck:
    """Say which datum a file of tracks, buildings, points or lines is in.

    Parameters
    ----------
    path : Path
        Any map or track file, or a table with coordinates; degrees, or metres of a zone or of Baidu.
    streets, buildings : Path
        Of the same town, in a datum that is known.
    said : str
        What the file is said to be in; shifts are counted from there.
    streets_datum : str
        In which both of them are.
    layer : str, optional
        Of the file, where it has several.

    Raises
    ------
    data.errors.UnreadableFile, data.errors.RowsRefused
        A file cannot be read.
    """
    town = _rows(streets, "streets", streets_datum)
    houses = None if buildings is None else _rows(buildings, "buildings", streets_datum)
    return check_shapes(as_written(path, layer), town, houses, said=said)


def as_written(path: Path, layer: str | None = None) -> gpd.GeoDataFrame:
    """A file's shapes with the coordinates as they stand; tracks as points.

    What declares another system than degrees or Mercator metres is turned into degrees by it.

    Raises
    ------
    data.errors.UnreadableFile
        When there is neither a map nor a track in it.
    """
    tracks = path.suffix.lower() in gpx.ENDINGS
    try:
        frame, _ = read_as_written(path, layer=layer)
    except UnreadableFile:
        if not tracks:
            raise
        return _fixes(path)
    if tracks and frame.geometry.isna().all():
        return _fixes(path)
    if frame.crs is not None and not frame.crs.is_geographic and frame.crs.to_epsg() != WEB_MERCATOR:
        return read_features(path, layer=layer).frame[["geometry"]]
    whole = frame[["geometry"]][frame.geometry.notna() & ~frame.geometry.is_empty]
    return gpd.GeoDataFrame(whole.reset_index(drop=True), crs=frame.crs)


def _fixes(path: Path) -> gpd.GeoDataFrame:
    fixes = gpx.read_tracks(path).frame
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(fixes["lon"], fixes["lat"]), crs=4326)


def _rows(path: Path, kind: str, datum: str) -> gpd.GeoDataFrame:
    rows = {"streets": street_rows, "buildings": building_rows}[kind]
    sheet, frame = rows(read(path, kind, datum=datum))
    good = sheet.accept(skip_bad=True)
    return frame[good]
