"""Side by side: points, doubt, lines, tracks and coverage against other tools on the same input in the same run.

Run by ``make bench``; prints tables. Peers that are not installed are left out.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.lines import credit_lines
from geo.locate import GridLocator, weigh_points
from geo.streets import cut_streets
from patrols.coverage import street_share_seen
from patrols.rules import Rules
from patrols.tracks import clean_fixes, to_lines

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
METRES = 4548
TOWN_M = 10_000.0
LINE = "{:44} {:>9} {:>14} {:>10}"


def tiling(grids: int, vertices: int, seed: int = 1) -> gpd.GeoDataFrame:
    """Wavy cells that tile a square of 10 km, with about so many vertices each, sharing every vertex."""
    random = np.random.default_rng(seed)
    square = shapely.box(0, 0, TOWN_M, TOWN_M)
    seeds = shapely.multipoints(random.uniform(0, TOWN_M, (grids, 2)))
    cells = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=square)), square)
    step = TOWN_M / np.sqrt(grids) * 4 / vertices
    dense = shapely.segmentize(cells, step)
    wave = shapely.transform(dense, lambda c: np.round(c + 0.3 * step * np.sin(c[:, ::-1] / (2 * step)), 3))
    return gpd.GeoDataFrame({"grid_code": [f"{n:06d}" for n in range(len(wave))]}, geometry=wave, crs=METRES)


def timed(run: Callable[[], Any], rounds: int = 3) -> tuple[float, Any]:
    """The best of a few runs in seconds, and what the last one gave."""
    best, result = np.inf, None
    for _ in range(rounds):
        started = time.perf_counter()
        result = run()
        best = min(best, time.perf_counter() - started)
    return best, result


def show(name: str, seconds: float, count: int, found: object) -> None:
    """One row of a table: seconds, things a second, and what came out."""
    print(LINE.format(name, f"{seconds:.3f}", f"{count / seconds:,.0f}", str(found)))


def bench_points(count: int = 1_000_000) -> None:
    """Random points and points on borders into grids, against geopandas and shapely."""
    random = np.random.default_rng(2)
    x, y = random.uniform(0, TOWN_M, (2, count))
    spots = shapely.points(x, y)
    frame = gpd.GeoDataFrame(geometry=spots, crs=METRES)
    for grids, vertices in ((118, 254), (10_000, 31)):
        town = tiling(grids, vertices)
        corners = shapely.get_num_coordinates(town.geometry.array).mean()
        print(f"\n{count:,} points, {grids:,} grids of {corners:.0f} vertices")
        print(LINE.format("", "seconds", "points/s", "found"))
        seconds, locator = timed(lambda town=town: GridLocator(town))
        show("GridLocator, built", seconds, grids, "(grids)")
        seconds, ours = timed(lambda locator=locator: locator.locate(x, y))
        show("GridLocator.locate", seconds, count, (ours >= 0).sum())
        seconds, joined = timed(lambda town=town: gpd.sjoin(frame, town, predicate="within"), 1)
        show("geopandas sjoin within", seconds, count, len(joined))
        tree = shapely.STRtree(town.geometry.array)
        seconds, pairs = timed(lambda tree=tree: tree.query(spots, predicate="within"), 1)
        show("shapely STRtree within", seconds, count, pairs.shape[1])
        corners = shapely.get_coordinates(town.geometry.array)
        corners = corners[random.integers(0, len(corners), 100_000)]
        seconds, ours = timed(lambda locator=locator, corners=corners: locator.locate(*corners.T))
        show("GridLocator.locate, 100,000 on vertices", seconds, len(corners), (ours >= 0).sum())


def bench_doubt(count: int = 50_000) -> None:
    """How fast answers are weighed, by accuracy."""
    town = tiling(118, 254)
    random = np.random.default_rng(3)
    spots = gpd.GeoSeries(gpd.points_from_xy(*random.uniform(0, TOWN_M, (2, count))), crs=METRES)
    locator = GridLocator(town)
    weigh_points(spots[:10], locator, accuracy_m=5.0)
    print(f"\n{count:,} points weighed in 118 grids")
    print(LINE.format("", "seconds", "points/s", "sure"))
    for accuracy in (5.0, 10.0, 20.0, 50.0):
        seconds, weighed = timed(lambda accuracy=accuracy: weigh_points(spots, locator, accuracy_m=accuracy), 1)
        show(f"weigh_points, accuracy {accuracy:.0f} m", seconds, count, f"{weighed['sure'].mean():.1%}")


def walks(count: int, fixes: int, seed: int = 4) -> gpd.GeoSeries:
    """Random walks of about 10 m a step."""
    random = np.random.default_rng(seed)
    ways = random.normal(0, 7, (count, fixes, 2)).cumsum(axis=1) + random.uniform(0, TOWN_M, (count, 1, 2))
    return gpd.GeoSeries(list(shapely.linestrings(ways)), crs=METRES)


def bench_lines(count: int = 1000) -> None:
    """Metres of walks by grid, against a geopandas overlay."""
    town, lines = tiling(118, 254), walks(count, 300)
    print(f"\n{count:,} walks of 300 fixes, 118 grids of 254 vertices")
    print(LINE.format("", "seconds", "walks/s", "lost m"))
    locator = GridLocator(town)
    seconds, credits = timed(lambda: credit_lines(lines, locator), 2)
    show("credit_lines", seconds, count, f"{abs(credits['metres'].sum() - lines.length.sum()):.1e}")
    frame = gpd.GeoDataFrame({"line": range(count)}, geometry=lines)
    outside = lines.length.sum() - shapely.length(shapely.intersection(lines, shapely.union_all(town.geometry))).sum()
    seconds, pieces = timed(lambda: gpd.overlay(frame, town, how="intersection", keep_geom_type=True), 1)
    show("geopandas overlay", seconds, count, f"{abs(pieces.length.sum() + outside - lines.length.sum()):.1e}")


def bench_tracks(count: int = 1000) -> None:
    """Cleaning fixes and drawing lines; streets cut and seen on the sample town."""
    lines = walks(count, 300)
    places = shapely.get_coordinates(lines.array)
    at = pd.Timestamp("2026-11-01", tz="UTC") + pd.to_timedelta(np.tile(np.arange(300) * 10, count), unit="s")
    fixes = pd.DataFrame({"patrol": np.repeat(np.arange(count), 300), "at": at, "x": places[:, 0], "y": places[:, 1]})
    fixes.loc[::97, "x"] += 500
    print(f"\n{len(fixes):,} fixes, one in a hundred astray")
    print(LINE.format("", "seconds", "fixes/s", ""))
    seconds, clean = timed(lambda: clean_fixes(fixes, Rules()))
    show("clean_fixes", seconds, len(fixes), f"{clean['dropped_by'].notna().sum():,} dropped")
    seconds, drawn = timed(lambda: to_lines(clean, Rules(), crs=METRES))
    show("to_lines", seconds, len(fixes), f"{drawn['metres'].sum() / 1000:,.0f} km")
    streets = gpd.read_file(SAMPLE / "streets.geojson").to_crs(METRES)
    one = gpd.GeoDataFrame({"grid_code": ["0"]}, geometry=[shapely.box(*streets.total_bounds)], crs=METRES)
    seconds, pieces = timed(lambda: cut_streets(streets, one))
    show("cut_streets, sample town", seconds, len(streets), f"{len(pieces):,} pieces")
    along = gpd.GeoSeries(list(streets.geometry.iloc[::3]), crs=METRES)
    vertices = int(shapely.get_num_coordinates(along.array).sum())
    seconds, seen = timed(lambda: street_share_seen(along, streets))
    show("street_share_seen, every third street", seconds, vertices, f"{(seen * streets.length).sum() / 1000:.1f} km")


def main() -> None:
    """Print all tables, or those named on the command line."""
    tables = {"points": bench_points, "doubt": bench_doubt, "lines": bench_lines, "tracks": bench_tracks}
    for name in sys.argv[1:] or tables:
        tables[name]()


if __name__ == "__main__":
    main()
