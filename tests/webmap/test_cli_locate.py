"""``gridpatrol locate`` on files that are read chunk by chunk, run as a user runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from click.testing import CliRunner, Result

from webmap.cli import main

Run = Callable[..., Result]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("GRIDPATROL_LANGUAGE", "en")
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def grids(tmp_path: Path) -> Path:
    """Two squares of a hundredth of a degree that share the line at 116.01 E."""
    shapes = [shapely.box(116.0, 40.0, 116.01, 40.01), shapely.box(116.01, 40.0, 116.02, 40.01)]
    gpd.GeoDataFrame({"grid_code": ["A1", "A2"]}, geometry=shapes, crs=4326).to_file(tmp_path / "grids.geojson")
    return tmp_path / "grids.geojson"


def points(path: Path, count: int) -> Path:
    random = np.random.default_rng(1)
    lon, lat = 116.02 * np.ones(count) - 0.02 * random.random(count), 40.0 + 0.01 * random.random(count)
    lon[: count // 10] = 116.01
    table = pa.table({"code": [f"{number:09d}" for number in range(count)], "lon": lon, "lat": lat})
    pq.write_table(table, path, row_group_size=max(count // 5, 1))
    return path


def test_every_engine_and_format_gives_the_same_rows(run: Run, tmp_path: Path, grids: Path) -> None:
    path = points(tmp_path / "p.parquet", 5000)
    figures = []
    for out, words in {
        "a.parquet": [],
        "b.parquet": ["--engine", "dask"],
        "c.geoparquet": [],
        "d.csv": [],
        "e.gpkg": [],
    }.items():
        answer = run("locate", path, "--grids", grids, "--accuracy", 8, "--out", tmp_path / out, "--json", *words)
        assert answer.exit_code == 0, answer.output
        figures.append({**json.loads(answer.stdout), "file": None})

    first = pd.read_parquet(tmp_path / "a.parquet")
    others = [
        pd.read_parquet(tmp_path / "b.parquet"),
        pd.DataFrame(gpd.read_parquet(tmp_path / "c.geoparquet")),
        pd.read_csv(tmp_path / "d.csv", dtype={"code": str}),
    ]
    assert all(each == figures[0] for each in figures)
    for other in others:
        assert other["code"].tolist() == first["code"].tolist()
        assert other["grid_code"].tolist() == first["grid_code"].tolist()
        assert other["rule"].tolist() == first["rule"].tolist()
        assert other["border_m"].tolist() == first["border_m"].tolist()
    assert first["grid_code"][:500].tolist() == ["A1"] * 500
    assert first["rule"][:500].tolist() == ["border_tie"] * 500


def test_refused_rows_are_listed_and_counted(run: Run, tmp_path: Path, grids: Path) -> None:
    pq.write_table(pa.table({"lon": [116.005, None, 200.0], "lat": [40.005, 40.0, 40.0]}), tmp_path / "p.parquet")

    refused = run("locate", tmp_path / "p.parquet", "--grids", grids, "--out", tmp_path / "o.parquet")
    skipped = run("locate", tmp_path / "p.parquet", "--grids", grids, "--out", tmp_path / "o.parquet", "--skip-bad")

    assert refused.exit_code == 2
    assert "p.parquet:2:lon: The place is missing." in refused.output
    assert "2 rows were refused; nothing was stored." in refused.output
    assert skipped.exit_code == 1
    assert "p.parquet:3" in skipped.output
    assert pd.read_parquet(tmp_path / "o.parquet")["grid_code"].tolist() == ["A1"]


def test_a_scheduler_is_nothing_without_dask(run: Run, tmp_path: Path, grids: Path) -> None:
    path = points(tmp_path / "p.parquet", 10)

    answer = run("locate", path, "--grids", grids, "--out", tmp_path / "o.csv", "--scheduler", "tcp://127.0.0.1:1")

    assert answer.exit_code == 2
    assert "--engine dask" in answer.output


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_who_is_stopped_half_way_leaves_the_old_file_and_no_half_one(
    tmp_path: Path, grids: Path, sent: signal.Signals
) -> None:
    # Text takes seconds to write, so that the signal comes long before the end, however late this process is woken.
    path, out = points(tmp_path / "p.parquet", 2_000_000), tmp_path / "o.csv"
    out.write_bytes(b"the file of yesterday")
    command = [sys.executable, "-c", "from webmap.cli import main; main()"]
    command += ["locate", str(path), "--grids", str(grids), "--out", str(out)]
    running = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Tests run in the background may have the signal ignored; nobody can ignore or set SIGKILL.
        preexec_fn=None if sent == signal.SIGKILL else lambda: signal.signal(sent, signal.SIG_DFL),
    )
    while running.poll() is None and not any(part.stat().st_size for part in tmp_path.glob(".gridpatrol-*/*")):
        time.sleep(0.002)

    running.send_signal(sent)
    running.wait()

    assert running.returncode != 0
    assert out.read_bytes() == b"the file of yesterday"
    assert sent == signal.SIGKILL or not list(tmp_path.glob(".gridpatrol-*"))


def run_alone(*words: object) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, which says on stderr what it brought in."""
    program = (
        "import atexit, sys; from webmap.cli import main; "
        "atexit.register(lambda: print('BROUGHT IN', *sys.modules, file=sys.stderr)); main()"
    )
    return subprocess.run(
        [sys.executable, "-c", program, "locate", *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "GRIDPATROL_LANGUAGE": "en"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["p.parquet", "p.csv"])
def test_two_cores_begin_without_what_reads_tables(tmp_path: Path, grids: Path, name: str) -> None:
    table = pq.read_table(points(tmp_path / "p.parquet", 50_000))
    if name == "p.csv":
        table.to_pandas().to_csv(tmp_path / name, index=False)

    done = run_alone(tmp_path / name, "--grids", grids, "--engine", "dask", "--out", tmp_path / "o.parquet")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("50000 rows")
    brought_in = set(done.stderr.split("BROUGHT IN ")[1].split())
    assert {"numba", "pyarrow", "dask.threaded"} <= brought_in
    assert not {"pandas", "geopandas", "pyogrio", "sqlalchemy"} & brought_in
    assert len(pd.read_parquet(tmp_path / "o.parquet")) == 50_000


def test_the_quick_end_tells_what_every_end_tells(tmp_path: Path, grids: Path) -> None:
    pq.write_table(pa.table({"lon": [116.005, None], "lat": [40.005, 40.0]}), tmp_path / "p.parquet")
    words = (tmp_path / "p.parquet", "--grids", grids, "--out", tmp_path / "o.parquet", "--json")

    refused, skipped, wrong = run_alone(*words), run_alone(*words, "--skip-bad"), run_alone(*words, "--reach", "far")

    assert [done.returncode for done in (refused, skipped, wrong)] == [2, 1, 2]
    assert json.loads(skipped.stdout)["rows"] == 1
    assert "The place is missing." in refused.stderr
    assert all("BROUGHT IN" in done.stderr for done in (refused, skipped, wrong))


def test_grids_that_another_process_cannot_read_are_told_as_ever(run: Run, tmp_path: Path) -> None:
    (tmp_path / "grids.gpkg").write_bytes(b"no map")
    path = points(tmp_path / "p.parquet", 10)
    words = ("locate", path, "--grids", tmp_path / "grids.gpkg", "--out", tmp_path / "o.parquet")

    here, aside = run(*words), run(*words, "--engine", "dask")

    assert here.exit_code == aside.exit_code == 2
    assert aside.output == here.output != ""
    assert sorted(each.name for each in tmp_path.iterdir()) == ["grids.gpkg", "p.parquet"]
