"""Files out: by their ending, whole or not at all, codes as text."""

import csv
import json
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

from data.errors import CannotWrite
from data.exchange import shapefile_out, sheets
from data.exchange.columns import settle
from data.exchange.degrees import WGS84
from data.exchange.endings import PARQUET_ENDINGS
from data.exchange.layers import GDAL
from data.exchange.scratch import replacing
from geo.errors import N_, WrongCrs

DRIVERS: dict[str, tuple[str, dict[str, str]]] = {
    ".gpkg": ("GPKG", {}),
    ".geojson": ("GeoJSON", {"RFC7946": "YES", "COORDINATE_PRECISION": "9"}),
    ".json": ("GeoJSON", {"RFC7946": "YES", "COORDINATE_PRECISION": "9"}),
    ".fgb": ("FlatGeobuf", {"SPATIAL_INDEX": "NO"}),
    ".kml": ("LIBKML", {}),
}
"""GeoJSON to 0.1 mm: neighbours still share their line. FlatGeobuf without index, which would change the order."""
TABLE_ENDINGS = frozenset({".csv", ".xlsx"})
SHAPEFILE_ENDINGS = frozenset({".shp", ".zip"})
ONLY_DEGREES = frozenset({".geojson", ".json", ".kml"})
COMPUTED = re.compile(r"'*[=+\-@\t\r]")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def write_features(
    frame: gpd.GeoDataFrame,
    path: str | Path,
    *,
    layer: str | None = None,
    as_they_are: bool = False,
    encoding: str = "utf-8",
    meanings: Mapping[str, str] | None = None,
) -> None:
    """Write features in longitude and latitude (EPSG:4326), in their order.

    The file appears whole under its name or not at all. Points in tables get columns ``lon`` and ``lat`` (empty where
    there is none), other shapes a column ``wkt``. A Shapefile's names have ten bytes at most: longer ones are cut and
    made unique, and a text beside it (in the .zip: with it) tells which is which.

    Parameters
    ----------
    frame : GeoDataFrame
        In any coordinate system; its index is left out.
    path : str or Path
        .gpkg .geojson .json .fgb .kml .shp .zip (a Shapefile in it) .parquet .geoparquet .csv .xlsx
    layer : str, optional
        Name of the layer inside; by default the file's.
    as_they_are : bool
        Write the coordinates as they stand, with the frame's system if it has one, for those who want metres. Tables
        get columns ``x`` and ``y`` then. GeoJSON and KML, which only know degrees, refuse.
    encoding : str
        Of the table of a Shapefile: ``utf-8`` or ``gbk``. The other formats have no choice.
    meanings : mapping, optional
        What each column holds, in the reader's language: told in the text beside a Shapefile.

    Raises
    ------
    WrongCrs
        The frame has no coordinate system.
    CannotWrite
        The ending is none of these, the format cannot hold the frame, or the folder cannot be written to.
    """
    path = Path(path)
    ending = path.suffix.lower()
    frame = _ready(frame, path, as_they_are)
    if ending in TABLE_ENDINGS:
        write_table(_as_table(frame, ("x", "y") if as_they_are else ("lon", "lat")), path)
    elif ending in PARQUET_ENDINGS:
        with replacing(path) as target:
            _plain(frame).to_parquet(target)
    elif ending in SHAPEFILE_ENDINGS:
        with replacing(path) as target:
            _write_shapefile(_plain(frame), target, layer or path.stem, encoding, meanings)
    elif ending in DRIVERS:
        with replacing(path) as target:
            _write_with_gdal(_plain(frame), target, layer or path.stem)
    else:
        raise CannotWrite(
            N_("%(file)s: files ending in %(ending)s are not written here. Choose one of: %(endings)s."),
            file=path.name,
            ending=ending or "-",
            endings=" ".join(sorted({*DRIVERS, *SHAPEFILE_ENDINGS, *PARQUET_ENDINGS, *TABLE_ENDINGS})),
        )


def _ready(frame: gpd.GeoDataFrame, path: Path, as_they_are: bool) -> gpd.GeoDataFrame:
    """The rows in the system that they are written in, without index, their shapes last."""
    if as_they_are and path.suffix.lower() in ONLY_DEGREES:
        raise CannotWrite(
            N_("%(file)s: %(ending)s files hold only degrees. For metres choose .gpkg, .shp, .parquet, .csv or .xlsx."),
            file=path.name,
            ending=path.suffix.lower(),
        )
    if frame.crs is None and not as_they_are:
        raise WrongCrs(N_("The features have no coordinate system, so they cannot be written."))
    frame = frame.rename_geometry("geometry") if frame.active_geometry_name != "geometry" else frame
    frame = (frame if as_they_are else frame.to_crs(WGS84)).reset_index(drop=True)
    return frame[[*[column for column in frame.columns if column != "geometry"], "geometry"]]


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as .csv (UTF-8 that Excel recognises) or .xlsx (text stays text, also a code of twelve digits).

    No text is ever computed as a formula: .xlsx holds it as text, .csv puts an apostrophe before a text that begins
    like a formula, which `tables.read_table` takes away again. Times with a zone are written as ISO 8601.

    Parameters
    ----------
    table : DataFrame
        Its index is left out.
    path : str or Path

    Raises
    ------
    CannotWrite
        The ending is neither, or the table is too long for a sheet.
    """
    path = Path(path)
    writers: dict[str, Callable[[pd.DataFrame, Path], None]] = {".csv": _write_csv, ".xlsx": sheets.write_sheet}
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise CannotWrite(
            N_("%(file)s: files ending in %(ending)s are not written here. Choose one of: %(endings)s."),
            file=path.name,
            ending=path.suffix or "-",
            endings=" ".join(sorted(writers)),
        )
    with replacing(path) as target:
        writer(table, target)


def _write_with_gdal(frame: gpd.GeoDataFrame, target: Path, layer: str) -> None:
    driver, options = DRIVERS[target.suffix]
    if driver == "GPKG":
        frame = _in_utc(frame)
    with _gdal(target, layer), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyogrio.write_dataframe(frame, target, layer=layer, driver=driver, **options)


def _in_utc(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Times as the standard of GeoPackages wants them: in UTC, or readers warn."""
    zoned = [name for name in frame.columns if isinstance(frame[name].dtype, pd.DatetimeTZDtype)]
    return frame.assign(**{name: frame[name].dt.tz_convert("UTC") for name in zoned})


@contextmanager
def _gdal(target: Path, layer: str) -> Iterator[None]:
    """GDAL for one writer at a time; what it refuses is said in our words, without the name of a hidden folder."""
    try:
        with GDAL:
            yield
    except (DataSourceError, DataLayerError, FeatureError, FieldError, GeometryError, ValueError) as error:
        reason = str(error).replace(str(target), layer)[:200]
        raise CannotWrite(
            N_("%(file)s cannot be written: %(reason)s"), file=layer + target.suffix, reason=reason
        ) from error


def _write_shapefile(
    frame: gpd.GeoDataFrame, target: Path, layer: str, encoding: str, meanings: Mapping[str, str] | None
) -> None:
    shapefile = target.with_suffix(".shp")
    with _gdal(target, layer):
        names = shapefile_out.write(frame, shapefile, encoding=encoding)
    if meanings is not None or any(short != full for short, full in names.items()):
        shapefile_out.write_explanation(shapefile, names, meanings or {})
    if target.suffix == ".zip":
        _pack(shapefile, target, layer)


def _pack(shapefile: Path, target: Path, layer: str) -> None:
    parts = sorted(shapefile.parent.glob("layer.*"))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            archive.write(part, f"{layer}{part.suffix}")
            part.unlink()


def _plain(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Columns that every format takes: lists and objects as JSON text, words of ours as text."""
    frame = frame.copy()
    frame.attrs = {}
    for column in frame.columns[:-1]:
        values = frame[column]
        if isinstance(values.dtype, pd.CategoricalDtype):
            values = values.astype(object)
        if values.dtype == object:
            frame[column] = pd.Series([_plain_value(value) for value in values], index=frame.index, dtype=object)
            frame[column] = _one_kind(frame[column])
    return frame


def _plain_value(value: Any) -> Any:
    if isinstance(value, list | dict | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, Enum):
        return value.value
    return None if value is None or value is pd.NaT or value is pd.NA or value != value else value


def _one_kind(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Whole numbers with gaps stay whole; what is mixed becomes text."""
    settled = settle(values.tolist(), values.index)
    if settled.dtype == object and not {type(value) for value in settled if value is not None} <= {str}:
        return settled.map(lambda value: None if value is None else str(value)).astype(object)
    return settled


def _as_table(frame: gpd.GeoDataFrame, names: tuple[str, str]) -> pd.DataFrame:
    table = pd.DataFrame(frame.drop(columns="geometry"))
    shapes = frame.geometry
    if (shapes.geom_type.dropna() == "Point").all():
        return table.assign(**dict(zip(names, (shapes.x, shapes.y), strict=True)))
    return table.assign(wkt=shapes.to_wkt(rounding_precision=9))


def _write_csv(table: pd.DataFrame, target: Path) -> None:
    columns = [[csv_cell(value) for value in table[column].tolist()] for column in table.columns]
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([csv_cell(str(column)) for column in table.columns])
        writer.writerows(zip(*columns, strict=True))


def csv_cell(value: Any) -> str:
    """The cell's text; an apostrophe keeps a spreadsheet from computing what a stranger wrote."""
    text = sheets.as_text(_cell(value))
    if isinstance(value, str) and COMPUTED.match(text) and not NUMBER.fullmatch(text):
        return "'" + text
    return text


def _cell(value: Any) -> Any:
    return sheets.plain_cell(_plain_value(value))
