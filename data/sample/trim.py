"""Cut the sample town's four small files out of an OpenStreetMap extract: `python -m data.sample.trim EXTRACT`.

Run once by whoever refreshes the town; the files it writes are part of the repository and described in README.md beside
them. The extract is a folder with `buildings.geojson`, `dorms.geojson`, `roads.geojson` and `campus_boundary.geojson`.
"""

import re
import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from data import frames

STREET_CLASS = {
    "secondary_link": "secondary",
    "residential": "branch",
    "unclassified": "branch",
    "service": "back_street",
    "cycleway": "path",
    "footway": "path",
    "path": "path",
    "pedestrian": "path",
    "steps": "path",
}
"""Class of each `highway` tag that is a street; anything else (platforms, building sites) is left out."""

HOMES = ["dormitory", "residential", "bungalow"]
LEVELS = {"dormitory": 6, "residential": 5, "bungalow": 1, "school": 4, "canteen": 2, "other": 3}
M2_A_HOUSEHOLD = {
    "dormitory": 120.0,
    "residential": 90.0,
    "bungalow": 60.0,
    "school": 600.0,
    "canteen": 600.0,
    "other": 600.0,
}
RESIDENTS_A_HOUSEHOLD = {"dormitory": 8.0, "residential": 2.6, "bungalow": 2.4}
LIVED_IN = 0.8
"""Share of a building's gross floor that is dwelling; the rest is stairs, walls and corridors."""

YARD_GAP_M = 25.0
"""Homes nearer than this, with no street between them, share a yard."""

QUARTERS = [
    (r"^紫荆学生公寓", "紫荆公寓"),
    (r"^西南", "西南小区"),
    (r"^西北", "西北小区"),
    (r"^西\d", "西区"),
    (r"^南\d", "南区"),
    (r"^东\d", "东区"),
    (r"^中\d", "中区"),
    (r"^高\d", "高层区"),
    (r"^\d+公寓", "教工公寓"),
    (r"宿舍$", "老宿舍"),
    (r"^[\d\-]+号楼", "学生宿舍"),
]
"""How the buildings of each quarter are named; the first that fits gives the compound its name."""


def kinds(buildings: gpd.GeoDataFrame, dorms: gpd.GeoDataFrame) -> np.ndarray:
    """What each building is: a home of one of three kinds, a canteen, a school, or other."""
    tag, name = buildings["building"], buildings["name"].fillna("")
    dorm = (tag == "dormitory") | (tag.eq("residential") & buildings["id"].isin(dorms["id"]))
    bungalow = (tag == "bungalow") | (tag.eq("residential") & name.eq("") & (buildings.area < 230))
    canteen = name.str.contains("餐厅|食堂") | buildings["amenity"].isin(["restaurant", "fast_food", "food_court"])
    return np.select(
        [dorm, bungalow, tag == "residential", canteen, tag.isin(["school", "kindergarten"])],
        ["dormitory", "bungalow", "residential", "canteen", "school"],
        "other",
    )


def estimate(buildings: pd.DataFrame) -> pd.DataFrame:
    """Households and residents from floor area: footprint x levels x share lived in / square metres a household.

    A home has at least one household; a dormitory's are collective ones (集体户). Where nobody lives, work is weighed
    as communities do it: so many square metres of classrooms, offices or kitchens count as one household (折算户),
    without residents.
    """
    m2 = buildings["kind"].map(M2_A_HOUSEHOLD)
    home = buildings["kind"].isin(HOMES)
    households = (buildings["footprint_m2"] * buildings["levels"] * LIVED_IN / m2).round()
    households = households.clip(lower=1).where(home, households)
    residents = (households * buildings["kind"].map(RESIDENTS_A_HOUSEHOLD)).fillna(0).round()
    return pd.DataFrame({"households": households.astype(int), "residents": residents.astype(int)})


def trim_buildings(folder: Path, outline: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Buildings wholly inside the outline, with kind, levels, households and residents."""
    raw = frames.to_metres(gpd.read_file(folder / "buildings.geojson"), outline.crs)
    raw = raw[raw.within(outline.geometry[0])]
    raw = raw[~_drawn_again(raw.geometry)].reset_index(drop=True)
    kind = pd.Series(kinds(raw, gpd.read_file(folder / "dorms.geojson")))
    levels = pd.to_numeric(raw["building:levels"], errors="coerce").fillna(kind.map(LEVELS)).astype(int)
    counts = estimate(pd.DataFrame({"kind": kind, "levels": levels, "footprint_m2": raw.area}))
    columns = {
        "source_key": "way/" + raw["id"].astype(str),
        "name": raw["name"].fillna(""),
        "kind": kind,
        "levels": levels,
        "households": counts["households"],
        "residents": counts["residents"],
        "entrances": np.where(kind == "residential", np.clip(np.rint(raw.area / 220), 1, 6), 1).astype(int),
    }
    return gpd.GeoDataFrame(columns, geometry=raw.geometry, crs=outline.crs)


def _drawn_again(shapes: gpd.GeoSeries) -> np.ndarray:
    """Which buildings lie almost wholly under an earlier one: the same building drawn twice."""
    values = shapes.to_numpy()
    one, other = shapely.STRtree(values).query(values, predicate="intersects")
    shared = shapely.area(shapely.intersection(values[one], values[other])) / shapely.area(values[one])
    return np.isin(np.arange(len(values)), one[(other < one) & (shared > 0.9)])


def trim_streets(folder: Path, outline: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Street lines that touch the outline, with name and class."""
    raw = frames.to_metres(gpd.read_file(folder / "roads.geojson"), outline.crs)
    raw = raw[(raw.geom_type == "LineString") & raw["highway"].isin(STREET_CLASS) & raw.intersects(outline.geometry[0])]
    columns = {
        "source_key": "way/" + raw["id"].astype(str),
        "name": raw["name"].fillna(""),
        "street_class": raw["highway"].map(STREET_CLASS),
    }
    return gpd.GeoDataFrame(columns, geometry=raw.geometry, crs=outline.crs).reset_index(drop=True)


def yards(homes: gpd.GeoDataFrame, barriers: gpd.GeoSeries) -> tuple[np.ndarray, gpd.GeoSeries]:
    """The number of the yard each home stands in, and per home the ways to its neighbours there.

    Neighbours share a yard when they are near and no barrier (a street, another building) stands between them.
    """
    shapes = homes.geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=YARD_GAP_M)
    between = shapely.shortest_line(shapes[one], shapes[other])
    parted, _ = shapely.STRtree(barriers.to_numpy()).query(between, predicate="intersects")
    joined = np.setdiff1d(np.arange(len(between)), parted)
    links = coo_matrix((np.ones(len(joined)), (one[joined], other[joined])), shape=(len(homes), len(homes)))
    ways = gpd.GeoSeries(between[joined], index=one[joined], crs=homes.crs).buffer(3.0, cap_style="square")
    return connected_components(links, directed=False)[1], ways


def quarter_of(name: str) -> str:
    """The quarter that a building's name tells of, or nothing.

    >>> quarter_of("西14楼"), quarter_of("大礼堂")
    ('西区', '')
    """
    return next((quarter for pattern, quarter in QUARTERS if re.search(pattern, name)), "")


def compound_name(names: pd.Series) -> str:
    """Quarter and span of numbers, as people say it: `西区9-14楼`; empty when the buildings have no names.

    >>> compound_name(pd.Series(["西14楼", "西9楼", ""]))
    '西区9-14楼'
    """
    quarters = names.map(quarter_of)
    ranked = [quarter for _, quarter in QUARTERS if (quarters == quarter).any()]
    if not ranked:
        return ""
    numbers = sorted(int(n) for name in names[quarters == ranked[0]] for n in re.findall(r"\d+", name))
    ends = [str(n) for n in dict.fromkeys((numbers[0], numbers[-1]))] if numbers else []
    return ranked[0] + ("-".join(ends) + "楼" if ends else "")


def make_compounds(
    buildings: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, outline: shapely.Polygon
) -> gpd.GeoDataFrame:
    """One polygon around each yard of two or more homes, two metres outside their walls, cutting no other building."""
    homes = buildings[buildings["kind"].isin(HOMES)].reset_index(drop=True)
    lanes = streets.geometry[streets["street_class"] != "path"]
    yard, ways = yards(homes, pd.concat([lanes, buildings.geometry[~buildings["kind"].isin(HOMES)]]))
    wide = streets.geometry[~streets["street_class"].isin(["path", "back_street"])].union_all().buffer(1.0)
    half = YARD_GAP_M / 2 + 0.5
    rows: list[dict[str, Any]] = []
    taken = wide
    for _, group in homes.groupby(yard):
        if len(group) == 1:
            continue
        walls = group.union_all()
        hull = walls.union(ways[ways.index.isin(group.index)].union_all())
        hull = hull.buffer(half, join_style="mitre").buffer(2 - half, join_style="mitre").intersection(outline)
        others = buildings.geometry[buildings.intersects(hull) & ~buildings.within(hull)].difference(walls).union_all()
        hull = (
            hull.difference(others.buffer(0.5))
            .difference(taken)
            .buffer(-0.2)
            .union(walls.buffer(0.4, join_style="mitre"))
            .simplify(0.15)
        )
        parts = [shapely.Polygon(part.exterior) for part in shapely.get_parts(hull) if part.intersects(walls)]
        rows.append({"name": compound_name(group["name"]), "geometry": shapely.MultiPolygon(parts)})
        taken = taken.union(rows[-1]["geometry"].buffer(0.5))
    compounds = gpd.GeoDataFrame(rows, geometry="geometry", crs=homes.crs)
    west_first = compounds.centroid.x.argsort()
    compounds = compounds.iloc[west_first].reset_index(drop=True)
    compounds.insert(0, "source_key", [f"yard/{n}" for n in range(1, len(compounds) + 1)])
    unnamed = compounds["name"] == ""
    compounds.loc[unnamed, "name"] = [f"平房院{n}号" for n in range(1, unnamed.sum() + 1)]
    return compounds


def main(extract: str) -> None:
    """Write outline, streets, buildings and compounds beside this file."""
    folder, here = Path(extract), Path(__file__).parent
    boundary = frames.to_metres(gpd.read_file(folder / "campus_boundary.geojson"))
    outline = gpd.GeoDataFrame({"name": ["清华园"]}, geometry=boundary.geometry, crs=boundary.crs)
    streets = trim_streets(folder, outline)
    buildings = trim_buildings(folder, outline)
    layers = {
        "outline": outline,
        "streets": streets,
        "buildings": buildings,
        "compounds": make_compounds(buildings, streets, outline.geometry[0]),
    }
    for name, layer in layers.items():
        path = here / f"{name}.geojson"
        frames.to_degrees(layer).to_file(path, driver="GeoJSON", RFC7946="YES", COORDINATE_PRECISION=7)


if __name__ == "__main__":
    main(sys.argv[1])
