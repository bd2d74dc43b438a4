"""`gridpatrol cover` ended from outside: nobody's fixes are left beside the result."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

ROOT = Path(__file__).parents[2]
FIXES = 400_000


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """Many fixes of a few walks over two grids and a street."""
    shapes = [shapely.box(116.0, 40.0, 116.005, 40.01), shapely.box(116.005, 40.0, 116.01, 40.01)]
    gpd.GeoDataFrame({"grid_code": ["A", "B"]}, geometry=shapes, crs=4326).to_file(tmp_path / "grids.geojson")
    street = [shapely.LineString([(116.0, 40.005), (116.01, 40.005)])]
    gpd.GeoDataFrame({"name": ["甲"]}, geometry=street, crs=4326).to_file(tmp_path / "streets.geojson")
    step = np.arange(FIXES)
    walks = {
        "patrol": [f"w{number}" for number in step // 10_000],
        "time": pd.Timestamp("2026-05-01 08:00", tz="UTC") + pd.to_timedelta(step * 8, unit="s"),
        "lon": 116.005 + 0.004 * np.sin(step / 100),
        "lat": np.full(FIXES, 40.005),
    }
    pd.DataFrame(walks).to_parquet(tmp_path / "walks.parquet")
    words = ["cover", "walks.parquet", "--streets", "streets.geojson", "--grids", "grids.geojson", "--out", "o.csv"]
    return [sys.executable, "-c", "from webmap.cli import main; main()", *words]


def stop_once_fixes_are_down(command: list[str], folder: Path, sent: signal.Signals) -> int:
    running = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(sent, signal.SIG_DFL),  # tests run in the background may have it ignored
    )
    while running.poll() is None and not any(part.stat().st_size for part in folder.glob(".gridpatrol-*/*/*")):
        time.sleep(0.002)
    running.send_signal(sent)
    return running.wait()


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_who_is_asked_to_stop_takes_the_fixes_away(command: list[str], tmp_path: Path, sent: signal.Signals) -> None:
    code = stop_once_fixes_are_down(command, tmp_path, sent)

    assert code != 0
    assert not list(tmp_path.glob(".gridpatrol-*"))
    assert not (tmp_path / "o.csv").exists()
