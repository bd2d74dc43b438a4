"""OpenStreetMap as a source of streets, buildings and compounds."""

import re
from pathlib import Path
from typing import TypeAlias

import geopandas as gpd
import pandas as pd

from data.errors import UnreadableFile
from data.exchange import layers
from data.exchange.degrees import WGS84
from data.exchange.reading import Reading, Refusals
from data.exchange.unpack import opened
from data.exchange.vector import ENDINGS, read_features
from data.models.places import StreetClass
from geo.errors import N_

Source: TypeAlias = "str | Path | gpd.GeoDataFrame | Reading[gpd.GeoDataFrame]"

CLASSES = {
    "motorway": StreetClass.EXPRESSWAY,
    "trunk": StreetClass.EXPRESSWAY,
    "primary": StreetClass.ARTERIAL,
    "secondary": StreetClass.SECONDARY,
    "tertiary": StreetClass.BRANCH,
    "unclassified": StreetClass.BRANCH,
    "residential": StreetClass.BRANCH,
    "road": StreetClass.BRANCH,
    "living_street": StreetClass.BACK_STREET,
    "service": StreetClass.BACK_STREET,
    "alley": StreetClass.BACK_STREET,
    "pedestrian": StreetClass.BACK_STREET,
    "footway": StreetClass.PATH,
    "path": StreetClass.PATH,
    "steps": StreetClass.PATH,
    "cycleway": StreetClass.PATH,
    "bridleway": StreetClass.PATH,
    "track": StreetClass.PATH,
}
"""As the Chinese mapping guide uses them: trunk is 快速路, primary 主干路, secondary 次干路, tertiary 支路."""
BACK_STREET_NAME = re.compile(r"(巷|胡同|弄|里弄|夹道)[东西南北中]?[一二三四五六七八九十\d]*[条号]?$")
PARTS_OF_A_STREET = frozenset({"sidewalk", "crossing", "traffic_island", "link"})
NO_BUILDINGS = frozenset({"no", "entrance", "roof", "construction", "demolished", "ruins", "proposed"})
NAMES = ("name:zh-Hans", "name:zh", "name")
LONGEST_LEVELS = 200
LINE_LAYERS = ("lines", "streets", "roads", "highways", "edges")
AREA_LAYERS = ("multipolygons", "buildings")
LAND_LAYERS = ("multipolygons", "landuse")


def streets(source: Source, *, name: str | None = None) -> Reading[gpd.GeoDataFrame]:
    """The streets, lanes and paths that people walk, with their class.

    Lines with a ``highway`` tag. Left out are what is no street of its own (pavements and crossings mapped beside one),
    corridors inside buildings, areas, and what is only planned or being built. A branch whose Chinese name says lane
    (巷, 胡同, 弄) is a back street.

    Parameters
    ----------
    source : path, GeoDataFrame or Reading
        .osm, .osm.gz, .osm.pbf; or what OSM tools export as GeoJSON or GeoPackage; or a frame in degrees with their
        columns.
    name : str, optional
        The file's name as the user gave it.

    Returns
    -------
    Reading
        LineStrings in EPSG:4326 with ``name, street_class, source_key, source_row``; ``source_key`` is
        OpenStreetMap's own, as ``way/123``. A line of several parts becomes one row each, with ``#2`` behind its key.

    Raises
    ------
    UnreadableFile
        There is no ``highway`` in it.
    """
    found, refusals = _tagged(source, LINE_LAYERS, "highway", name)
    highway = found["highway"].astype("str").str.removesuffix("_link")
    wanted = highway.isin(CLASSES) & found.geom_type.isin(["LineString", "MultiLineString"])
    wanted &= ~_tag(found, "footway").isin(PARTS_OF_A_STREET) & ~_tag(found, "indoor").isin(["yes", "corridor"])
    wanted &= _tag(found, "area") != "yes"
    found = found[wanted]
    classes = highway[wanted].map(CLASSES).astype(object)
    names = _names(found)
    lanes = names.map(lambda text: bool(BACK_STREET_NAME.search(text))) & (classes == StreetClass.BRANCH)
    frame = _frame(found, {"name": names, "street_class": classes.mask(lanes, StreetClass.BACK_STREET).map(str)})
    return refusals.reading(_unique(_single_lines(frame), refusals))


def buildings(source: Source, *, name: str | None = None) -> Reading[gpd.GeoDataFrame]:
    """Buildings with the number of their storeys, where it is known.

    Areas with a ``building`` tag; not roofs without walls, nor what is being built. Parts of buildings are left out:
    the whole is there too.

    Parameters
    ----------
    source, name
        As in `streets`.

    Returns
    -------
    Reading
        Polygons in EPSG:4326 with ``name, building, address, levels, source_key, source_row``; ``building`` is
        OpenStreetMap's word for its use, ``levels`` a float, NaN when not known.
    """
    found, refusals = _tagged(source, AREA_LAYERS, "building", name)
    kind = found["building"].astype("str")
    wanted = kind.notna() & (kind != "") & ~kind.isin(NO_BUILDINGS) & found.geom_type.isin(["Polygon", "MultiPolygon"])
    found = found[wanted]
    address = (_tag(found, "addr:street") + _tag(found, "addr:housenumber")).where(_tag(found, "addr:street") != "", "")
    levels = pd.to_numeric(_tag(found, "building:levels").str.extract(r"^\s*(\d+(?:\.\d+)?)")[0], errors="coerce")
    columns = {
        "name": _names(found),
        "building": kind[wanted],
        "address": address,
        "levels": levels.where(levels.between(1, LONGEST_LEVELS)).astype(float),
    }
    return refusals.reading(_unique(_frame(found, columns), refusals))


def compounds(source: Source, *, name: str | None = None) -> Reading[gpd.GeoDataFrame]:
    """Residential compounds: areas of ``landuse=residential``.

    Parameters
    ----------
    source, name
        As in `streets`.

    Returns
    -------
    Reading
        Polygons in EPSG:4326 with ``name, source_key, source_row``.
    """
    found, refusals = _tagged(source, LAND_LAYERS, "landuse", name)
    found = found[(found["landuse"] == "residential") & found.geom_type.isin(["Polygon", "MultiPolygon"])]
    return refusals.reading(_unique(_frame(found, {"name": _names(found)}), refusals))


def _tagged(
    source: Source, layer_names: tuple[str, ...], tag: str, name: str | None
) -> tuple[gpd.GeoDataFrame, Refusals]:
    """The features that carry a tag, and what was refused among them."""
    if isinstance(source, gpd.GeoDataFrame):
        numbered = source if "source_row" in source else source.assign(source_row=range(1, len(source) + 1))
        reading = Reading(numbered if source.crs is None else numbered.to_crs(WGS84), [])
        reading.frame.attrs = {"file": source.attrs.get("file", name or ""), "notes": source.attrs.get("notes", [])}
    elif isinstance(source, Reading):
        reading = source
    else:
        reading = read_features(source, layer=_layer(source, layer_names, name), name=name, having=tag)
    refusals = Refusals.of(reading)
    if tag not in reading.frame or not (_tag(reading.frame, tag) != "").any():
        raise UnreadableFile(
            N_("%(file)s holds no feature with the OpenStreetMap tag %(tag)s."), file=refusals.file, tag=tag
        )
    return reading.frame[_tag(reading.frame, tag) != ""], refusals


def _layer(path: str | Path, layer_names: tuple[str, ...], name: str | None) -> str | None:
    """The layer that OSM tools give these names, if the file has layers."""
    with opened(path, ENDINGS, name=name) as source:
        if source.ending not in {".osm", ".pbf", ".gpkg"}:
            return None
        present = layers.layer_names(source)
        return next((layer for layer in layer_names if layer in present), None)


def _tag(frame: gpd.GeoDataFrame, tag: str) -> "pd.Series[str]":
    """A tag's values, from its column or from ``other_tags``; ``""`` where it is missing."""
    values = pd.Series("", index=frame.index, dtype="str")
    if tag in frame:
        values = frame[tag].astype("str").fillna("")
    elif "other_tags" in frame:
        pattern = rf'"{re.escape(tag)}"=>"((?:[^"\\]|\\.)*)"'
        found = frame["other_tags"].astype("str").str.extract(pattern, expand=False).fillna("")
        values = found.str.replace(r"\\(.)", r"\1", regex=True)
    return values.where(~values.isin(["nan", "None", "<NA>"]), "").str.strip()


def _names(frame: gpd.GeoDataFrame) -> "pd.Series[str]":
    """The Chinese name where there is one, else the name."""
    names = pd.Series("", index=frame.index, dtype="str")
    for tag in NAMES:
        names = names.where(names != "", _tag(frame, tag))
    return names


def _keys(frame: gpd.GeoDataFrame) -> "pd.Series[str]":
    """OpenStreetMap's own key, as ``way/123``; None where the file does not carry it."""
    keys = _tag(frame, "@id")
    element, number = _tag(frame, "element"), _tag(frame, "id")
    keys = keys.where(keys != "", (element + "/" + number).where((element != "") & (number != ""), ""))
    keys = keys.where(keys != "", number.where(number.str.match(r"^(node|way|relation)/\d+$"), ""))
    way, other = _tag(frame, "osm_way_id"), _tag(frame, "osm_id")
    areas = frame.geom_type.isin(["Polygon", "MultiPolygon"])
    keys = keys.where((keys != "") | (way == ""), "way/" + way)
    keys = keys.where((keys != "") | (other == ""), ("relation/" + other).where(areas & (way == ""), "way/" + other))
    return keys.astype(object).where(keys != "", None)


def _frame(found: gpd.GeoDataFrame, columns: "dict[str, pd.Series]") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {**columns, "source_key": _keys(found), "source_row": found["source_row"]}, geometry=found.geometry, crs=WGS84
    )


def _single_lines(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One row for each part of a line."""
    return frame.explode(ignore_index=True)


def _unique(frame: gpd.GeoDataFrame, refusals: Refusals) -> gpd.GeoDataFrame:
    """Without what the file holds twice; other features under one key get ``#2`` behind it."""
    again = pd.DataFrame({"key": frame["source_key"], "shape": frame.geometry.to_wkb()}).duplicated().to_numpy()
    again = again & frame["source_key"].notna().to_numpy()
    if again.any():
        refusals.note(N_("%(count)s features occur twice in the file; each was read once."), count=int(again.sum()))
    frame = frame[~again]
    number = frame.groupby("source_key", sort=False).cumcount().where(frame["source_key"].notna(), 0)
    behind = number.map(lambda at: f"#{at + 1}" if at else "").astype(object)
    frame["source_key"] = frame["source_key"].where(number == 0, frame["source_key"] + behind)
    return frame
