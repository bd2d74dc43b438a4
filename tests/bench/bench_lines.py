"""Side by side: metres of walks by grid against geopandas, movingpandas and PostGIS, same input, same run, one core.

Run by ``make bench``; prints tables. Peers that are not installed are left out. Seconds are processor seconds of this
thread, which a busy machine does not stretch (PostGIS works elsewhere: wall seconds). Every peer gets what it needs
beforehand: overlay its frames, movingpandas its trajectories, PostGIS its loaded, indexed and analysed tables. Each
must find the same metres, except where it cannot: the last column says by how many they differ.
"""

import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.bench_locate import METRES, TOWN_M, tiling, walks

from geo.lines import credit_lines
from geo.locate import GridLocator

LINE = "{:44} {:>9} {:>12} {:>8} {:>12}"
FIXES = 300
MOVINGPANDAS_WALKS = 50
"""movingpandas is given so many of the walks, and its seconds are scaled up: all of them would take minutes."""


def timed(run: Callable[[], Any], rounds: int, clock: Callable[[], float] = time.thread_time) -> tuple[float, Any]:
    """The best of a few runs in seconds, and what the last one gave."""
    best, result = np.inf, None
    for _ in range(rounds):
        started = clock()
        result = run()
        best = min(best, clock() - started)
    return best, result


def seconds_of(count: int) -> list[np.ndarray]:
    """A fix every ten seconds."""
    return [np.arange(FIXES) * 10.0] * count


def ours(lines: gpd.GeoSeries, town: gpd.GeoDataFrame, band_m: float = 0.0) -> Callable[[], pd.DataFrame]:
    """Our own run, the grids' preparation included."""
    times = seconds_of(len(lines))
    return lambda: credit_lines(lines, GridLocator(town), times=times, band_m=band_m)


def overlaid(lines: gpd.GeoSeries, town: gpd.GeoDataFrame) -> Callable[[], pd.DataFrame]:
    """geopandas: every piece, then its length by walk and grid."""
    frame = gpd.GeoDataFrame({"line": range(len(lines))}, geometry=lines)

    def run() -> pd.DataFrame:
        pieces = gpd.overlay(frame, town, how="intersection", keep_geom_type=True)
        found = pieces.assign(metres=pieces.length).groupby(["line", "grid_code"], as_index=False)["metres"].sum()
        return pd.DataFrame(found)

    return run


def clipped(lines: gpd.GeoSeries, town: gpd.GeoDataFrame) -> Callable[[], pd.DataFrame]:
    """movingpandas: trajectories clipped by each grid that their walk touches."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import movingpandas

    start = pd.Timestamp("2026-11-01")
    at = pd.DatetimeIndex(start + pd.to_timedelta(np.arange(FIXES) * 10, unit="s"))
    spots = [gpd.GeoDataFrame(geometry=gpd.points_from_xy(*line.xy), index=at, crs=METRES) for line in lines]
    walked = [movingpandas.Trajectory(frame, number) for number, frame in enumerate(spots)]
    tree = shapely.STRtree(town.geometry.array)
    shapes, codes = town.geometry.to_numpy(), town["grid_code"].to_numpy()

    def run() -> pd.DataFrame:
        rows = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for number, (line, walk) in enumerate(zip(lines, walked, strict=True)):
                for grid in tree.query(line, predicate="intersects"):
                    parts = walk.clip(shapes[grid])
                    rows.append((number, codes[grid], sum(part.get_length() for part in parts)))
        return pd.DataFrame(rows, columns=["line", "grid_code", "metres"])

    return run


def in_postgis(lines: gpd.GeoSeries, town: gpd.GeoDataFrame, socket: str) -> Callable[[], pd.DataFrame]:
    """PostGIS: a join by index and the lengths of the intersections."""
    import psycopg

    connection = psycopg.connect(host=socket, user="postgres", dbname="postgres", autocommit=True)
    connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    # One core each: what is compared is the work, not the number of workers.
    connection.execute("SET max_parallel_workers_per_gather = 0")
    for name, column, keys, shapes in (
        ("walk", "line integer", range(len(lines)), lines),
        ("grid", "grid_code text", town["grid_code"], town.geometry),
    ):
        connection.execute(f"CREATE TABLE {name} ({column}, geom geometry)")
        with connection.cursor() as cursor, cursor.copy(f"COPY {name} FROM STDIN") as copy:
            for key, shape in zip(keys, shapes, strict=True):
                copy.write_row((key, shapely.to_wkb(shape, hex=True)))
        connection.execute(f"CREATE INDEX ON {name} USING gist (geom)")
        connection.execute(f"VACUUM ANALYZE {name}")
    wanted = (
        "SELECT line, grid_code, sum(ST_Length(ST_Intersection(w.geom, g.geom))) AS metres "
        "FROM walk w JOIN grid g ON ST_Intersects(w.geom, g.geom) GROUP BY line, grid_code"
    )
    return lambda: pd.DataFrame(connection.execute(wanted).fetchall(), columns=["line", "grid_code", "metres"])


def differing(found: pd.DataFrame, credits: pd.DataFrame) -> float:
    """By how many metres in all two tables of metres by walk and grid differ."""
    both = found.merge(credits.dropna(subset="grid_code"), on=["line", "grid_code"], how="outer").fillna(0.0)
    return float((both["metres_x"] - both["metres_y"]).abs().sum())


def bench_peers(count: int = 1000) -> None:
    """Walks into 118 grids, against three peers."""
    town, lines = tiling(118, 254), walks(count, FIXES)
    ours(lines[:2], town, 10.0)()
    print(f"\n{count:,} walks of {FIXES} fixes, 118 grids of 254 vertices; ours with the grids' preparation")
    print(LINE.format("", "seconds", "walks/s", "times", "differs by m"))
    reference, exact = timed(ours(lines, town), 5)
    held_seconds, held = timed(ours(lines, town, 10.0), 5)

    def show(name: str, seconds: float, differs: float) -> None:
        times = f"{seconds / reference:.1f}"
        print(LINE.format(name, f"{seconds:.4f}", f"{count / seconds:,.0f}", times, f"{differs:.1e}"))

    show("credit_lines (lost metres)", reference, abs(exact["metres"].sum() - lines.length.sum()))
    show("credit_lines, band of 10 m (lost metres)", held_seconds, abs(held["metres"].sum() - lines.length.sum()))
    seconds, found = timed(overlaid(lines, town), 2)
    show("geopandas overlay", seconds, differing(found, exact))
    try:
        run = clipped(lines[:MOVINGPANDAS_WALKS], town)
    except ImportError:
        print("movingpandas is not installed")
    else:
        seconds, found = timed(run, 1)
        few = exact[exact["line"] < MOVINGPANDAS_WALKS]
        show("movingpandas clip (scaled up)", seconds * count / MOVINGPANDAS_WALKS, differing(found, few))
    _bench_postgis(lines, town, exact, show)


def _bench_postgis(
    lines: gpd.GeoSeries, town: gpd.GeoDataFrame, exact: pd.DataFrame, show: Callable[..., None]
) -> None:
    import postgres

    if postgres.find_binaries() is None:
        print("PostGIS is not installed")
        return
    with postgres.private_server() as socket:
        seconds, found = timed(in_postgis(lines, town, socket), 2, time.perf_counter)
        show("PostGIS ST_Intersection (wall)", seconds, differing(found, exact))


def bench_growth() -> None:
    """How the time grows with walks and grids."""
    print(f"\ncredit_lines as walks of {FIXES} fixes and grids of 60 vertices grow")
    print(LINE.format("", "seconds", "walks/s", "band", ""))
    for count, grids in ((1000, 100), (10_000, 100), (1000, 1000), (1000, 10_000)):
        town, lines = tiling(grids, 60), walks(count, FIXES)
        for band_m in (0.0, 10.0):
            seconds, _ = timed(ours(lines, town, band_m), 3)
            print(
                LINE.format(
                    f"{count:,} walks, {grids:,} grids", f"{seconds:.4f}", f"{count / seconds:,.0f}", band_m, ""
                )
            )


def bench_jitter(count: int = 200) -> None:
    """Who gets a walk along a border under a phone's autocorrelated noise, by band: flips, and metres to the rule's."""
    random = np.random.default_rng(9)
    town = gpd.GeoDataFrame(
        {"grid_code": ["A", "B"]},
        geometry=[shapely.box(-500, -100, 0, TOWN_M), shapely.box(0, -100, 500, TOWN_M)],
        crs=METRES,
    )
    way = np.column_stack([np.zeros(60), np.arange(60) * 10.0])
    way = np.vstack(
        [np.column_stack([np.linspace(200, 10, 20), np.zeros(20)]), way, [[x, 590] for x in (10, 100, 200)]]
    )
    print(f"\n{count} walks out of B, 590 m along the border and back into B; noise of 4 m that lasts a minute")
    print(LINE.format("", "grids", "m to A", "", ""))
    noise = np.zeros((count, len(way), 2))
    for step in range(1, len(way)):
        noise[:, step] = 0.85 * noise[:, step - 1] + random.normal(0, 4 * np.sqrt(1 - 0.85**2), (count, 2))
    lines = gpd.GeoSeries(list(shapely.linestrings(way + noise)), crs=METRES)
    for band_m in (0.0, 5.0, 10.0, 15.0):
        credits = credit_lines(lines, town, band_m=band_m)
        to_a = credits.loc[credits["grid_code"] == "A", "metres"].sum() / count
        print(LINE.format(f"band of {band_m:.0f} m", f"{len(credits) / count:.2f}", f"{to_a:.1f}", "", ""))


def main() -> None:
    """Print all tables, or those named on the command line."""
    tables = {"peers": bench_peers, "growth": bench_growth, "jitter": bench_jitter}
    for name in sys.argv[1:] or tables:
        tables[name]()


if __name__ == "__main__":
    main()
