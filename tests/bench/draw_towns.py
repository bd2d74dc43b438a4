"""Towns to draw grids for: the sample town, those of the shared folder, and synthetic ones; cut into blocks."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.blocks import neighbours
from geo.site import make_site

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
SHARED = Path(__file__).parents[3] / "shared" / "data"
CLASSES = {
    **dict.fromkeys(("motorway", "motorway_link", "trunk", "trunk_link"), "expressway"),
    **dict.fromkeys(("primary", "primary_link"), "arterial"),
    **dict.fromkeys(("secondary", "secondary_link", "tertiary", "tertiary_link"), "secondary"),
    **dict.fromkeys(("residential", "unclassified", "road"), "branch"),
    **dict.fromkeys(("service", "living_street", "pedestrian"), "back_street"),
}


@dataclass(frozen=True)
class Town:
    """Blocks with households, the borders between them, and the band wished."""

    name: str
    blocks: gpd.GeoDataFrame
    borders: pd.DataFrame
    band: tuple[int, int]

    @property
    def grids(self) -> int:
        """How many grids the middle of the band asks for; a block above the band is a grid by itself."""
        people = self.blocks["households"].to_numpy()
        large = people > self.band[1]
        return int(large.sum()) + round(people[~large].sum() / (sum(self.band) / 2))


def synthetic_blocks(count: int = 600, seed: int = 1) -> gpd.GeoDataFrame:
    """Random blocks of about 34 households, as a coverage."""
    random = np.random.default_rng(seed)
    points = shapely.multipoints(random.uniform(0, 2000, (count, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=shapely.box(0, 0, 2000, 2000)))
    cells = shapely.intersection(cells, shapely.box(0, 0, 2000, 2000))
    people = random.integers(5, 64, len(cells))
    return gpd.GeoDataFrame({"households": people}, geometry=shapely.set_precision(cells, 0.001), crs=4548)


def sample_town() -> tuple[gpd.GeoDataFrame, ...]:
    """The bundled town in metres."""
    names = ("outline", "streets", "buildings", "compounds")
    return tuple(gpd.read_file(SAMPLE / f"{name}.geojson").to_crs(4548) for name in names)


def bayreuth() -> tuple[gpd.GeoDataFrame, ...]:
    """North Bayreuth; the outline is the hull of its buildings."""
    path = SHARED / "urb-bayreuth" / "north-bayreuth.gpkg"
    streets = gpd.read_file(path, layer="streets").to_crs(32632)
    buildings = gpd.read_file(path, layer="buildings").to_crs(32632)
    streets["street_class"] = streets["highway"].map(CLASSES).fillna("path")
    hull = gpd.GeoDataFrame(geometry=[shapely.convex_hull(buildings.union_all())], crs=32632)
    return hull, streets, buildings


def leeds() -> tuple[gpd.GeoDataFrame, tuple[int, int]]:
    """299 units of Leeds; 30 districts within a tenth of the mean population."""
    units = gpd.read_file(SHARED / "reg-leeds" / "Leeds.geojson").to_crs(27700)
    mean = units["POPULATION"].sum() / 30
    blocks = gpd.GeoDataFrame({"households": units["POPULATION"]}, geometry=units.geometry.to_numpy(), crs=27700)
    return blocks, (int(np.ceil(mean * 0.9)), int(mean * 1.1))


def providence() -> gpd.GeoDataFrame:
    """3,014 city blocks of Providence with their residents."""
    blocks = gpd.read_file(f"zip://{SHARED / 'reg-providence' / 'Providence_blocks.zip'}").to_crs(32619)
    return gpd.GeoDataFrame({"households": blocks["TOTPOP"]}, geometry=blocks.geometry.to_numpy(), crs=32619)


def counties() -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray, int, int]]:
    """State, population of each county, edges (two columns), districts, and the proven fewest cut edges."""
    optima = pd.read_csv(SHARED / "reg-counties" / "optima.csv").query("contiguity == 'contiguous'")
    for row in optima.itertuples():
        [path] = (SHARED / "reg-counties").glob(f"{row.state}_county*.json")
        graph = json.loads(path.read_text())
        number = {node["id"]: place for place, node in enumerate(graph["nodes"])}
        pairs = {
            tuple(sorted((place, number[end["id"]]))) for place, ends in enumerate(graph["adjacency"]) for end in ends
        }
        one, two = np.array(sorted(pairs)).T
        people = np.array([node["TOTPOP"] for node in graph["nodes"]], dtype=float)
        yield row.state, people, one, two, int(row.districts), int(row.min_cut_edges)


def without_streets(name: str, blocks: gpd.GeoDataFrame, band: tuple[int, int]) -> Town:
    """A town whose borders are all equally good."""
    none = gpd.GeoDataFrame({"street_class": []}, geometry=[], crs=blocks.crs)
    return Town(name, blocks, neighbours(blocks, none).assign(cost=0.0), band)


def with_streets(name: str, frames: tuple[gpd.GeoDataFrame, ...]) -> Town:
    """A town cut into blocks as `geo.draw.draw` first cuts it."""
    site = make_site(*frames)
    blocks, _ = site.blocks(largest=500, piece=150)
    return Town(name, blocks, neighbours(blocks, site.streets), (150, 500))


def towns() -> Iterator[Town]:
    """All towns that are at hand."""
    yield without_streets("600 synthetic blocks", synthetic_blocks(), (300, 500))
    yield with_streets("sample town", sample_town())
    if SHARED.is_dir():
        yield with_streets("North Bayreuth", bayreuth())
        yield without_streets("Leeds", *leeds())
        yield without_streets("Providence", providence(), (600, 1000))
    yield without_streets("6,000 synthetic blocks", synthetic_blocks(6000), (300, 500))
