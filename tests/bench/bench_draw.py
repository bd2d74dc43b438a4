"""Side by side: our balanced grids against METIS alone, and whole towns drawn where the shared data is at hand.

Run by ``make bench``; prints a table. Peers that are not installed are left out.
"""

import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.balance import balance_blocks
from geo.blocks import neighbours
from geo.draw import draw
from geo.faces import dissolve
from geo.graph import cut_graph
from geo.tiling import balance, find_flaws

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
SHARED = Path(__file__).parents[3] / "shared" / "data"
CLASSES = {
    **dict.fromkeys(("motorway", "motorway_link", "trunk", "trunk_link"), "expressway"),
    **dict.fromkeys(("primary", "primary_link"), "arterial"),
    **dict.fromkeys(("secondary", "secondary_link", "tertiary", "tertiary_link"), "secondary"),
    **dict.fromkeys(("residential", "unclassified", "road"), "branch"),
    **dict.fromkeys(("service", "living_street", "pedestrian"), "back_street"),
}
LINE = "{:34} {:>7} {:>6} {:>8} {:>7} {:>12} {:>9}"


def synthetic_blocks(count: int = 600, seed: int = 1) -> gpd.GeoDataFrame:
    """Random blocks of about 34 households, as a coverage."""
    random = np.random.default_rng(seed)
    points = shapely.multipoints(random.uniform(0, 2000, (count, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=shapely.box(0, 0, 2000, 2000)))
    cells = shapely.intersection(cells, shapely.box(0, 0, 2000, 2000))
    people = random.integers(5, 64, len(cells))
    return gpd.GeoDataFrame({"households": people}, geometry=shapely.set_precision(cells, 0.001), crs=4548)


def grids_of(blocks: gpd.GeoDataFrame, labels: np.ndarray) -> gpd.GeoDataFrame:
    """Blocks joined by label."""
    people = blocks["households"].groupby(np.unique(labels, return_inverse=True)[1]).sum()
    shapes = dissolve(blocks.geometry.to_numpy(), np.unique(labels, return_inverse=True)[1])
    return gpd.GeoDataFrame({"households": people.to_numpy()}, geometry=shapes, crs=blocks.crs)


def show(name: str, seconds: float, grids: gpd.GeoDataFrame, band: tuple[int, int]) -> None:
    """One row of the table."""
    figures = balance(grids, band)
    apart = int((grids.geom_type == "MultiPolygon").sum())
    out = int(figures["grids"] - figures["in_band"])
    cells = (int(figures["grids"]), out, f"{figures['spread']:.1f}", f"{figures['compactness']:.3f}", apart)
    print(LINE.format(name, f"{seconds:.2f}", *cells))


def bench_balance() -> None:
    """600 synthetic blocks into grids of 300 to 500 households."""
    blocks, band = synthetic_blocks(), (300, 500)
    streets = gpd.GeoDataFrame({"street_class": []}, geometry=[], crs=blocks.crs)
    borders = neighbours(blocks, streets).assign(cost=0.0)
    balance_blocks(blocks, borders, households=band)
    start = time.perf_counter()
    labels = balance_blocks(blocks, borders, households=band)
    show("gridpatrol, 600 blocks", time.perf_counter() - start, grids_of(blocks, labels), band)
    one, two = borders["one"].to_numpy(), borders["two"].to_numpy()
    start = time.perf_counter()
    labels = cut_graph(blocks["households"].to_numpy(), one, two, borders["metres"].to_numpy(), int(labels.max()) + 1)
    show("METIS, the same", time.perf_counter() - start, grids_of(blocks, labels), band)


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


def bench_town(name: str, frames: tuple[gpd.GeoDataFrame, ...]) -> None:
    """Draw a town; check the tiling."""
    outline, _, buildings, *rest = frames
    start = time.perf_counter()
    drawing = draw(*frames)
    seconds = time.perf_counter() - start
    show(name, seconds, drawing.grids, (150, 500))
    flaws = find_flaws(drawing.grids, outline, buildings=buildings, compounds=rest[0] if rest else None)
    ground = shapely.coverage_union_all(drawing.grids.geometry.to_numpy())
    off = shapely.area(shapely.symmetric_difference(ground, outline.union_all()))
    valid = shapely.coverage_is_valid(drawing.grids.geometry.to_numpy())
    print(
        f"    valid coverage: {valid}; off the outline: {off:.3f} m2; flaws: {len(flaws)}; notes: {len(drawing.notes)}"
    )


def main() -> int:
    """Print the table."""
    pd.set_option("display.width", 120)
    print(LINE.format("", "seconds", "grids", "out", "spread", "compactness", "in parts"))
    bench_balance()
    bench_town("sample town", sample_town())
    if SHARED.exists():
        bench_town("North Bayreuth", bayreuth())
    return 0


if __name__ == "__main__":
    sys.exit(main())
