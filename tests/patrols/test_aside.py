"""Grids read by another process are those that this one would have read."""

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from data.errors import RowsRefused, UnreadableFile
from patrols import aside
from patrols.aside import grids_aside, read_grounds


@pytest.fixture
def grids(tmp_path: Path) -> Path:
    columns = {"grid_code": ["620102001001001", "620102001001002"], "kind": ["综合", "专属"]}
    shapes = [shapely.box(116.0, 40.0, 116.01, 40.01), shapely.Point(116.005, 40.005).buffer(0.001)]
    gpd.GeoDataFrame(columns, geometry=shapes, crs=4326).to_file(tmp_path / "grids.gpkg")
    return tmp_path / "grids.gpkg"


def test_what_the_other_process_reads_is_the_same_to_the_last_bit(grids: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = read_grounds(grids)
    monkeypatch.delattr(aside, "read_grounds")

    with grids_aside(grids) as read:
        there = read()

    assert [shapely.to_wkb(shape) for shape in there.geometry] == [shapely.to_wkb(shape) for shape in here.geometry]
    assert there.codes.tolist() == here.codes.tolist()
    assert there.kinds.tolist() == ["general", "special"] == here.kinds.tolist()
    assert there.crs == here.crs


def test_what_is_wrong_with_the_file_is_said_as_ever(tmp_path: Path) -> None:
    (tmp_path / "grids.gpkg").write_bytes(b"no map")
    gpd.GeoDataFrame({"grid_code": ["A", "A"]}, geometry=[shapely.box(116, 40, 116.1, 40.1)] * 2, crs=4326).to_file(
        tmp_path / "twice.gpkg"
    )

    with grids_aside(tmp_path / "grids.gpkg") as read, pytest.raises(UnreadableFile, match=r"grids\.gpkg"):
        read()
    with grids_aside(tmp_path / "twice.gpkg") as read, pytest.raises(RowsRefused):
        read()


def test_who_cannot_start_another_process_of_this_program_reads_the_grids_himself(
    grids: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with grids_aside(grids) as read:
        grounds = read()

    assert np.asarray(grounds.codes).tolist() == ["620102001001001", "620102001001002"]
