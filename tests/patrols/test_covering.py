"""Tracks of many patrols covered from file to file: the same figures however the fixes come, and by every engine."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from data.errors import RowsRefused, UnreadableFile
from data.exchange import fix_streams, stream_parquet, stream_text
from patrols.covering import Covered, cover_files

PATROLS, FIXES = 12, 60


@pytest.fixture(scope="module")
def grids() -> gpd.GeoDataFrame:
    shapes = [shapely.box(116.0, 40.0, 116.005, 40.01), shapely.box(116.005, 40.0, 116.01, 40.01)]
    return gpd.GeoDataFrame({"grid_code": ["A", "B"]}, geometry=shapes, crs=4326).to_crs(4548)


@pytest.fixture
def streets(tmp_path: Path) -> Path:
    lines = [shapely.LineString([(116.0, lat), (116.01, lat)]) for lat in (40.002, 40.004, 40.006, 40.008)]
    gpd.GeoDataFrame({"name": list("甲乙丙丁")}, geometry=lines, crs=4326).to_file(tmp_path / "streets.geojson")
    return tmp_path / "streets.geojson"


@pytest.fixture(scope="module")
def fixes() -> pd.DataFrame:
    """Walks along three of the streets, all mixed as phones send them."""
    random = np.random.default_rng(7)
    patrol, step = np.divmod(np.arange(PATROLS * FIXES), FIXES)
    rows = pd.DataFrame(
        {
            "patrol": [f"走{number}" for number in patrol],
            "time": pd.Timestamp("2026-05-01 08:00", tz="UTC") + pd.to_timedelta(step * 8 + patrol * 3600, unit="s"),
            "lon": 116.0005 + step * 0.00014 + random.normal(0, 1e-5, len(step)),
            "lat": 40.002 + patrol % 3 * 0.002 + random.normal(0, 1e-5, len(step)),
            "accuracy": random.uniform(3, 12, len(step)),
        }
    )
    return rows.sort_values("time", ignore_index=True)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks and files of fixes so small that a short file has many of them."""
    for name, value in (("CHUNK_ROWS", 50), ("PART_ROWS", 100), ("SLICE_ROWS", 200)):
        monkeypatch.setattr(stream_parquet, name, value)
    monkeypatch.setattr(stream_text, "BLOCK_BYTES", 4000)
    monkeypatch.setattr(fix_streams, "ROWS_TOGETHER", 150)
    monkeypatch.setattr(fix_streams, "LARGE_TEXT_BYTES", 1000)


def in_one_piece(fixes: pd.DataFrame, streets: Path, grids: gpd.GeoDataFrame) -> Covered:
    path = streets.parent / "whole.csv"
    fixes.to_csv(path, index=False)
    return cover_files([path], streets, grids, datum="wgs84")


def same(one: Covered, other: Covered) -> None:
    pd.testing.assert_frame_equal(one.grids, other.grids, rtol=1e-9)
    pd.testing.assert_frame_equal(pd.DataFrame(one.pieces), pd.DataFrame(other.pieces), rtol=1e-9)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("dask", [False, True])
def test_a_long_file_in_pieces_covers_what_it_covers_as_a_whole(
    streets: Path,
    grids: gpd.GeoDataFrame,
    fixes: pd.DataFrame,
    ending: str,
    dask: bool,
    request: pytest.FixtureRequest,
) -> None:
    whole = in_one_piece(fixes, streets, grids)
    request.getfixturevalue("small")
    path = streets.parent / f"fixes.{ending}"
    fixes.to_csv(path, index=False) if ending == "csv" else fixes.to_parquet(path, row_group_size=90)
    told: list[int] = []

    pieces = cover_files([path], streets, grids, datum="wgs84", dask=dask, folder=streets.parent, progress=told.append)

    same(whole, pieces)
    assert whole.grids["metres"].min() > 1000
    assert whole.pieces["metres_seen"].sum() < whole.pieces["metres"].sum()
    assert len(told) > 8
    assert not list(streets.parent.glob(".gridpatrol-*"))


@pytest.mark.usefixtures("small")
def test_a_track_in_two_files_counts_once(streets: Path, grids: gpd.GeoDataFrame, fixes: pd.DataFrame) -> None:
    fixes.to_parquet(streets.parent / "a.parquet")
    fixes.assign(patrol=fixes["patrol"] + "，另一名").to_parquet(streets.parent / "b.parquet")

    once = cover_files([streets.parent / "a.parquet"], streets, grids, datum="wgs84")
    twice = cover_files([streets.parent / name for name in ("a.parquet", "b.parquet")], streets, grids, datum="wgs84")

    same(once, twice)
    assert sum("occurs twice" in note.template for note in twice.notes) == PATROLS


@pytest.mark.usefixtures("small")
def test_times_and_places_that_are_none_are_refused_by_their_row(
    streets: Path, grids: gpd.GeoDataFrame, fixes: pd.DataFrame
) -> None:
    rows = fixes.astype({"time": str})
    rows.loc[3, "time"], rows.loc[200, "lon"] = "yesterday", np.nan
    rows.to_parquet(streets.parent / "a.parquet", row_group_size=64)

    with pytest.raises(RowsRefused) as refused:
        cover_files([streets.parent / "a.parquet"], streets, grids, datum="wgs84")
    kept = cover_files([streets.parent / "a.parquet"], streets, grids, datum="wgs84", skip_bad=True)

    assert sorted(refusal.row for refusal in refused.value.refusals) == [4, 201]
    assert kept.grids["metres"].min() > 1000


def test_a_parquet_without_times_is_no_track(streets: Path, grids: gpd.GeoDataFrame, fixes: pd.DataFrame) -> None:
    fixes.drop(columns="time").to_parquet(streets.parent / "a.parquet")

    with pytest.raises(UnreadableFile, match="no track"):
        cover_files([streets.parent / "a.parquet"], streets, grids, datum="wgs84")


def test_courtyards_are_told_however_the_tracks_are_cut_into_files(
    fixes: pd.DataFrame, streets: Path, grids: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    # One lies across the first street's walks, one where nobody goes.
    places = [shapely.box(116.001, 40.0015, 116.002, 40.0025), shapely.box(116.006, 40.0083, 116.007, 40.0095)]
    yards = gpd.GeoDataFrame({"name": ["东院", "西院"]}, geometry=places, crs=4326)
    yards.to_file(tmp_path / "compounds.geojson")
    fixes.to_csv(tmp_path / "all.csv", index=False)
    halves = [tmp_path / "first.csv", tmp_path / "second.csv"]
    for half, path in enumerate(halves):
        fixes[fixes["patrol"].str[1:].astype(int) % 2 == half].to_csv(path, index=False)

    told = [
        cover_files(paths, streets, grids, datum="wgs84", compounds=tmp_path / "compounds.geojson")
        for paths in ([tmp_path / "all.csv"], halves)
    ]

    for covered in told:
        assert covered.compounds is not None
        assert covered.compounds["by"].tolist() == ["paths", "ground"]
        assert covered.compounds["share_seen"].tolist() == pytest.approx([1.0, 0.0], abs=0.1)
        assert covered.grids.loc[0, "yard_m2_seen"] == pytest.approx(covered.grids.loc[0, "yard_m2"], rel=0.1)
        assert covered.grids.loc[1, "yard_m2_seen"] == 0.0
    pd.testing.assert_frame_equal(told[0].grids, told[1].grids)
