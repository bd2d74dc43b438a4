"""OpenStreetMap as a source of streets, buildings and compounds."""

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from data.errors import UnreadableFile
from data.exchange import layers
from data.exchange.reading import Reading, Refusals
from data.exchange.unpack import opened
from data.exchange.vector import ENDINGS, read_features
from data.models.places import StreetClass
from geo.errors import N_

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
LINE_LAYERS = ("lines", "streets", "roads", "highways")
AREA_LAYERS = ("multipolygons", "buildings")
LAND_LAYERS = ("multipolygons", "landuse")

Source = "str | Path | gpd.GeoDataFrame | Reading[gpd.GeoDataFrame]"


def streets(source: Any, *, name: str | None = None) -> Reading[gpd.GeoDataFrame]:
    """The streets, lanes and paths that people walk, with their class.

    Lines with a ``highway`` tag. Left out are what is no street of its own (pavements and crossings mapped beside one),
    corridors inside buildings, areas, and what is only planned or being built. A branch whose Chinese name says lane
    (巷, 胡同, 弄) is a back street.

    Parameters
    ----------
    source : path, GeoDataFrame or Reading
        .osm, .osm.gz, .osm.pbf; or what OSM tools export as GeoJSON or GeoPackage; or a frame in degrees with their columns.
    name : str, optional
        The file's name as the user gave it.

    Returns
    -------
    Reading
        LineStrings in EPSG:4326 with ``name, street_class, source_key, source_row``; ``source_key`` is OpenStreetMap's own,
        as ``way/123``. A line of several parts becomes one row each, with ``#2`` behind its key.

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
    return refusals.reading(_single_lines(frame))


def buildings(source: Any, *, name: str | None = None) -> Reading[gpd.GeoDataFrame]:
    """Buildings with the number of their storeys, where it is known.

    Areas with a ``building`` tag; not roofs without walls, nor what is being built. Parts of buildings are left out: the
    whole is there too.

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
    return refusals.reading(
        _frame(
            found,
            {
                "name": _names(found),
                "building": kind[wanted],
                "address": address,
                "levels": levels.where(levels.between(1, LONGEST_LEVELS)).astype(float),
            },
        )
    )


def compounds(source: Any, *, name: str | None = None) -> Reading[gpd.GeoDataFrame]:
    """Residential compounds: areas of ``landuse=residential`` and of dormitories.

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
    wanted = (found["landuse"] == "residential") | (_tag(found, "residential") != "")
    found = found[wanted & found.geom_type.isin(["Polygon", "MultiPolygon"])]
    return refusals.reading(_frame(found, {"name": _names(found)}))
