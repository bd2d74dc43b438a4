"""`gridpatrol locate` on a file of 20,000,000 points, as people run it: one core, then two with Dask; run by hand.

Each run is a process of its own, from its start to its end, held to as many cores as it is said to use. Beside them
stands the copy of the same file through Arrow, which reads and writes every column and asks nothing: what no program
that answers in a file of its own can beat by much. ``bench_scale.py 2000000`` takes that many points instead.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

POINTS = 20_000_000
RUNS = 5
GRIDS_A_SIDE = 11
VERTICES_A_SIDE = 62
TOWN = (116.3, 39.9, 0.1)
COPY = """
import sys, pyarrow.parquet as pq
file = pq.ParquetFile(sys.argv[1])
with pq.ParquetWriter(sys.argv[2], file.schema_arrow, use_dictionary=False) as writer:
    for batch in file.iter_batches(1 << 18, use_threads=False):
        writer.write_batch(batch)
"""


def make_grids() -> gpd.GeoDataFrame:
    """118 grids of about 250 vertices with winding borders that neighbours share."""
    random, (west, south, size) = np.random.default_rng(1), TOWN
    side = size / GRIDS_A_SIDE
    numbers = np.arange(GRIDS_A_SIDE + 1)
    corner = np.stack(np.meshgrid(numbers, numbers, indexing="ij"), axis=-1) * side + [west, south]
    corner += random.uniform(-0.2, 0.2, corner.shape) * side
    walked: dict[tuple[int, ...], np.ndarray] = {}

    def border(*ends: int) -> np.ndarray:
        if ends not in walked:
            start, end = corner[ends[:2]], corner[ends[2:]]
            share = np.linspace(0, 1, VERTICES_A_SIDE + 1)[:-1, None]
            wave = np.sin(share * np.pi * random.integers(2, 7)) * random.uniform(-0.08, 0.08)
            across = np.array([start[1] - end[1], end[0] - start[0]])
            walked[ends] = start + share * (end - start) + wave * across
        return walked[ends]

    shapes = []
    for i in range(GRIDS_A_SIDE):
        for j in range(GRIDS_A_SIDE):
            there = [border(i, j, i + 1, j), border(i + 1, j, i + 1, j + 1)]
            # The other two are walked against their own direction: from their end back to the place after their start.
            back = [border(i, j + 1, i + 1, j + 1), border(i, j, i, j + 1)]
            ends = [corner[i + 1, j + 1], corner[i, j + 1]]
            back = [np.vstack([[end], way[:0:-1]]) for end, way in zip(ends, back, strict=True)]
            shapes.append(shapely.Polygon(np.vstack([*there, *back])))
    frame = gpd.GeoDataFrame(
        {"grid_code": [f"110108999{number:03d}" for number in range(len(shapes))]}, geometry=shapes
    )
    return frame.set_crs(4326)[:118]


def make_points(path: Path, count: int) -> None:
    """Places all over the town, in row groups of a million, each with a key."""
    random, (west, south, size) = np.random.default_rng(2), TOWN
    schema = pa.schema({"id": pa.int64(), "lon": pa.float64(), "lat": pa.float64()})
    with pq.ParquetWriter(path, schema, use_dictionary=False) as writer:
        for first in range(0, count, 1_000_000):
            keys = np.arange(first, min(first + 1_000_000, count))
            lon, lat = np.array([[west], [south]]) + size * random.random((2, len(keys)))
            writer.write_table(pa.table({"id": keys, "lon": lon, "lat": lat}, schema=schema))


def timed(command: list[str], cores: int) -> tuple[float, float, float]:
    """Seconds on the clock, seconds of processor, and the largest memory in MB of a process."""
    allowed = sorted(os.sched_getaffinity(0))[-cores:]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=lambda: os.sched_setaffinity(0, allowed))
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(process.returncode)
    return time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main(count: int) -> None:
    """Print the table; refuse to when the engines disagree about a row."""
    with tempfile.TemporaryDirectory(prefix="gridpatrol-bench-") as name:
        folder = Path(name)
        make_grids().to_file(folder / "grids.gpkg")
        make_points(folder / "points.parquet", count)
        locate = [sys.executable, "-c", "from webmap.cli import main; main()", "locate", str(folder / "points.parquet")]
        locate += ["--grids", str(folder / "grids.gpkg")]
        copy = [sys.executable, "-c", COPY, str(folder / "points.parquet")]
        rows = {
            "copy of the file by Arrow, 1 core": (1, [*copy, str(folder / "copy.parquet")]),
            "gridpatrol locate, 1 core": (1, [*locate, "--out", str(folder / "local.parquet")]),
            "the same, --engine dask, 2 cores": (
                2,
                [*locate, "--engine", "dask", "--out", str(folder / "dask.parquet")],
            ),
            "gridpatrol locate --accuracy 10, 1 core": (
                1,
                [*locate, "--accuracy", "10", "--out", str(folder / "weighed.parquet")],
            ),
        }
        figures: dict[str, list[tuple[float, float, float]]] = {title: [] for title in rows}
        for _ in range(RUNS):
            for title, (cores, command) in rows.items():
                # Each writes a new file: to give the pages of half a gigabyte back to the system is no part of it.
                Path(command[-1]).unlink(missing_ok=True)
                figures[title].append(timed(command, cores))
        print(f"{count:,} points, 118 grids; median of {RUNS} runs, each from the start of its process to its end")
        print(f"{'':42}{'seconds':>9}{'cpu s':>8}{'M/s':>7}{'M/cpu s':>9}{'MB':>7}")
        for title, runs in figures.items():
            wall, cpu, memory = (statistics.median(each) for each in zip(*runs, strict=True))
            print(f"{title:42}{wall:9.2f}{cpu:8.2f}{count / wall / 1e6:7.2f}{count / cpu / 1e6:9.2f}{memory:7.0f}")
        local, dask = list(figures.values())[1:3]
        ratio = statistics.median(one[0] / two[0] for one, two in zip(local, dask, strict=True))
        print(f"two cores against one: {ratio:.2f}x")
        same = all(
            here.equals(there)
            for here, there in zip(
                pq.ParquetFile(folder / "local.parquet").iter_batches(1 << 20),
                pq.ParquetFile(folder / "dask.parquet").iter_batches(1 << 20),
                strict=True,
            )
        )
        print("rows of both engines: " + ("identical" if same else "DIFFERENT"))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else POINTS)
