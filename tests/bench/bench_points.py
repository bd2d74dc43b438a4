"""Points into grids, side by side: ours, geopandas, shapely, DuckDB, SedonaDB, PostGIS, and the copy as the limit.

Run by ``make bench``; prints tables. All get the same points and grids in the same run, in their own form before the
clock starts: tables loaded, indexes built, statistics taken, one run to warm up. Peers that are not installed are left
out. Ours runs on one core; where a peer uses more, its row says so.
"""

import contextlib
import importlib
import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geo.locator import GridLocator

# Run by its path, so its neighbours and the helpers of the tests are found by theirs.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
exactness, postgres, towns = (importlib.import_module(name) for name in ("exactness", "postgres", "bench_locate"))
adversarial, exact_grids = exactness.adversarial, exactness.exact_grids
METRES, TOWN_M, tiling = towns.METRES, towns.TOWN_M, towns.tiling

CITY = (440_000.0, 4_430_000.0)
LINE = "{:46} {:>10} {:>10} {:>10} {:>10}"
Question = Callable[[], int]


def clocked(run: Callable[[], Any], rounds: int = 3, clock: Callable[[], float] = time.perf_counter) -> float:
    """The middle of a few runs in seconds, after one to warm up."""
    run()
    taken = []
    for _ in range(rounds):
        started = clock()
        run()
        taken.append(clock() - started)
    return float(np.median(taken))


def geopandas_join(town: gpd.GeoDataFrame, x: np.ndarray, y: np.ndarray) -> Iterator[tuple[str, Question]]:
    """A spatial join, its tree kept."""
    frame = gpd.GeoDataFrame(geometry=shapely.points(x, y), crs=METRES)
    assert town.sindex is not None
    yield "geopandas sjoin within", lambda: len(gpd.sjoin(frame, town, predicate="within"))


def shapely_tree(town: gpd.GeoDataFrame, x: np.ndarray, y: np.ndarray) -> Iterator[tuple[str, Question]]:
    """A tree of prepared grids."""
    grids, spots = town.geometry.array, shapely.points(x, y)
    tree = shapely.STRtree(grids)
    yield "shapely STRtree within", lambda: tree.query(spots, predicate="within").shape[1]


def duckdb_join(town: gpd.GeoDataFrame, x: np.ndarray, y: np.ndarray) -> Iterator[tuple[str, Question]]:
    """DuckDB's spatial join, on one thread and on all."""
    import duckdb
    import pandas as pd

    folder = Path(str(importlib.util.find_spec("duckdb_extension_spatial").submodule_search_locations[0]))  # type: ignore[union-attr,index]
    with duckdb.connect() as base:
        base.execute(f"LOAD '{next(folder.rglob('spatial.duckdb_extension'))}'")
        places = pd.DataFrame({"x": x, "y": y})
        shapes = pd.DataFrame({"code": town["grid_code"].astype(object), "shape": shapely.to_wkb(town.geometry.array)})
        base.register("places", places)
        base.register("shapes", shapes)
        base.execute("CREATE TABLE spots AS SELECT ST_Point(x, y) AS spot FROM places")
        base.execute("CREATE TABLE grids AS SELECT code, ST_GeomFromWKB(shape) AS shape FROM shapes")
        ask = "SELECT count(code) FROM spots JOIN grids ON ST_Within(spot, shape)"
        for threads in (1, None):
            base.execute("SET threads = 1" if threads else "RESET threads")
            yield (
                f"DuckDB spatial join, {'one thread' if threads else 'all threads'}",
                lambda: int(base.execute(ask).fetchall()[0][0]),
            )


def sedona_join(town: gpd.GeoDataFrame, x: np.ndarray, y: np.ndarray) -> Iterator[tuple[str, Question]]:
    """SedonaDB's spatial join, which uses all cores."""
    import pyarrow as pa
    import sedonadb

    base = sedonadb.connect()
    frame = gpd.GeoDataFrame(geometry=shapely.points(x, y), crs=METRES)
    base.create_data_frame(frame).to_memtable().to_view("spots")
    base.create_data_frame(town).to_memtable().to_view("grids")
    ask = "SELECT count(grids.grid_code) AS n FROM spots JOIN grids ON ST_Within(spots.geometry, grids.geometry)"
    yield "SedonaDB join, all threads", lambda: pa.table(base.sql(ask)).column("n")[0].as_py()


def postgis_join(town: gpd.GeoDataFrame, x: np.ndarray, y: np.ndarray) -> Iterator[tuple[str, Question]]:
    """PostGIS with a GiST index on the grids, on one core and with parallel workers."""
    import psycopg

    with (
        postgres.private_server() as folder,
        psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True) as base,
    ):
        base.execute("CREATE EXTENSION postgis")
        base.execute("CREATE TABLE places (x float8, y float8)")
        base.execute("CREATE TABLE grids (code text, shape geometry)")
        with base.cursor() as cursor:
            with cursor.copy("COPY places FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(["float8", "float8"])
                for row in zip(x.tolist(), y.tolist(), strict=True):
                    copy.write_row(row)
            with cursor.copy("COPY grids FROM STDIN") as copy:
                for row in zip(town["grid_code"], shapely.to_wkb(town.geometry.array, hex=True), strict=True):
                    copy.write_row(row)
        base.execute("CREATE TABLE spots AS SELECT ST_MakePoint(x, y) AS spot FROM places")
        base.execute("CREATE INDEX ON grids USING gist (shape)")
        base.execute("VACUUM ANALYZE grids")
        base.execute("VACUUM ANALYZE spots")
        ask = "SELECT count(code) FROM spots JOIN grids ON ST_Within(spot, shape)"
        for workers in (0, 2):
            base.execute(f"SET max_parallel_workers_per_gather = {workers}")
            yield (
                f"PostGIS join, {f'{workers} workers more' if workers else 'one process'}",
                lambda: int(base.execute(ask).fetchone()[0]),  # type: ignore[index]
            )


PEERS = {
    None: [geopandas_join, shapely_tree],
    "duckdb_extension_spatial": [duckdb_join],
    "sedonadb": [sedona_join],
}


def peers() -> list[Any]:
    """Those that are installed."""
    found = [each for name, those in PEERS.items() if name is None or importlib.util.find_spec(name) for each in those]
    return [*found, postgis_join] if postgres.find_binaries() else found


def bench_peers(count: int = 1_000_000) -> None:
    """Everybody on the same random points."""
    x, y = np.random.default_rng(2).uniform(0, TOWN_M, (2, count))
    for grids, vertices in ((118, 254), (10_000, 31)):
        town = tiling(grids, vertices)
        corners = shapely.get_num_coordinates(town.geometry.array).mean()
        print(f"\n{count:,} random points, {len(town):,} grids of {corners:.0f} vertices")
        print(LINE.format("", "seconds", "M points/s", "ours is", "found"))
        locator = GridLocator(town)
        ours = clocked(lambda locator=locator: locator.locate(x, y), 9)
        copies = np.empty_like(x), np.empty_like(y)
        limit = clocked(lambda copies=copies: [np.copyto(to, of) for to, of in zip(copies, (x, y), strict=True)], 9)
        print(LINE.format("copying the two columns", f"{limit:.4f}", f"{count / limit / 1e6:.0f}", "", ""))
        found = int((locator.locate(x, y) >= 0).sum())
        print(LINE.format("GridLocator.locate", f"{ours:.4f}", f"{count / ours / 1e6:.0f}", "", f"{found:,}"))
        for peer in peers():
            with contextlib.closing(peer(town, x, y)) as questions:
                for name, ask in questions:
                    taken = clocked(ask, 3)
                    faster = f"{taken / ours:.0f} x"
                    print(LINE.format(name, f"{taken:.3f}", f"{count / taken / 1e6:.2f}", faster, f"{ask():,}"))


def bench_growth(count: int = 1_000_000) -> None:
    """Time and memory as points, grids and vertices grow; one core's own time."""
    random = np.random.default_rng(3)
    print("\nGrowth: one core's own time; memory is what building and looking up take at the peak, over the grids")
    print(LINE.format("", "build s", "M points/s", "on lines", "peak MB"))
    for grids, vertices in ((118, 64), (118, 254), (118, 1000), (118, 4000), (1000, 31), (10_000, 31), (100_000, 31)):
        town = tiling(grids, vertices)
        corners = int(shapely.get_num_coordinates(town.geometry.array).sum())
        x, y = random.uniform(0, TOWN_M, (2, count))
        GridLocator(town.iloc[:5]).locate(x[:1000], y[:1000])
        peak = _peak()
        started = time.thread_time()
        locator = GridLocator(town)
        locator.locate(x[:201], y[:201])
        build = time.thread_time() - started
        ours = clocked(lambda locator=locator, x=x, y=y: locator.locate(x, y), 9, time.thread_time)
        memory = peak()
        placed = shapely.transform(town.geometry.array, lambda corners: np.add(corners, CITY))
        spots = adversarial(placed, 200_000, 4)
        there = GridLocator(gpd.GeoSeries(placed))
        beside = clocked(lambda there=there, spots=spots: there.locate(*spots.T), 5, time.thread_time)
        name = f"{len(town):,} grids, {corners:,} vertices"
        rates = f"{count / ours / 1e6:.0f}", f"{len(spots) / beside / 1e6:.1f}"
        print(LINE.format(name, f"{build:.3f}", *rates, f"{memory:.0f}"))
    town = tiling(118, 254)
    locator = GridLocator(town)
    print(LINE.format("118 grids of 254 vertices", "", "M points/s", "border_m", "decide"))
    for size in (1000, 10_000, 100_000, 1_000_000, 10_000_000):
        x, y = random.uniform(0, TOWN_M, (2, size))
        found = locator.locate(x, y)
        rates = [
            size / clocked(run, 5, time.thread_time) / 1e6
            for run in (
                lambda x=x, y=y: locator.locate(x, y),
                lambda x=x, y=y, found=found: locator.border_m(x, y, found),
                lambda x=x, y=y: locator.decide(x, y, 0.01),
            )
        ]
        print(LINE.format(f"{size:,} points", "", *(f"{rate:.1f}" for rate in rates)))


def bench_exact(count: int = 50_000) -> None:
    """The worst points there are, against whole numbers; name a number on the command line for more of them."""
    print(f"\n{count:,} points on corners, on lines, and up to three steps of a double beside them")
    print(LINE.format("", "", "", "points", "wrong"))
    town = tiling(118, 254)
    ring = shapely.difference(town.geometry.array[::2], shapely.buffer(town.geometry.array[::2], -80.0))
    inner = shapely.buffer(town.geometry.array[::2], -80.0)
    grids = np.concatenate([town.geometry.array[1::2], ring, inner[~shapely.is_empty(inner)]])
    zones = {"metres": (1.0, 440_000.0, 4_430_000.0), "degrees": (1e-5, 116.3, 39.9)}
    for name, (scale, east, north) in zones.items():
        placed = shapely.transform(grids, lambda c, s=scale, e=east, n=north: c * s + (e, n))
        locator = GridLocator(gpd.GeoSeries(placed))
        wrong = 0
        for at in range(0, count, 50_000):
            places = adversarial(placed, min(50_000, count - at), at)
            wrong += int((locator.locate(*places.T) != exact_grids(placed, places)).sum())
        print(LINE.format(f"{name}, tiling with rings in rings", "", "", f"{count:,}", str(wrong)))


def _peak() -> Callable[[], float]:
    """Start watching this process's memory; the answer says by how many megabytes it grew at most."""
    status, forget = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not forget.exists():
        return lambda: float("nan")
    forget.write_text("5")

    def high_water() -> float:
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024

    before = high_water()
    return lambda: high_water() - before


def main() -> None:
    """Print all tables, or those named on the command line; a number is how many points."""
    tables: dict[str, Callable[..., None]] = {"peers": bench_peers, "growth": bench_growth, "exact": bench_exact}
    words = [word for word in sys.argv[1:] if not word.isdigit()]
    counts = [int(word) for word in sys.argv[1:] if word.isdigit()]
    for name in words or tables:
        tables[name](*counts)


if __name__ == "__main__":
    main()
