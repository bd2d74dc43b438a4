"""What is written is read back the same, and a failure leaves the earlier file as it was."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from data.errors import CannotWrite
from data.exchange.tables import read_table
from data.exchange.vector import read_features
from data.exchange.write import write_features, write_table
from data.models.places import StreetClass
from geo.errors import WrongCrs

ENDINGS = [".gpkg", ".geojson", ".fgb", ".kml", ".shp", ".zip", ".parquet", ".csv", ".xlsx"]
CODES = ["620102001001001", "620102001001002"]


def grids() -> gpd.GeoDataFrame:
    squares = [shapely.box(104.0, 36.0, 104.01, 36.01), shapely.box(104.01, 36.0, 104.02, 36.01)]
    return gpd.GeoDataFrame(
        {"grid_code": CODES, "名称": ["甲", "=1+1"], "households": pd.array([300, None], dtype="Int64")},
        geometry=squares,
        crs=4326,
        index=[7, 3],
    )


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_written_is_read_back_the_same(tmp_path: Path, ending: str) -> None:
    write_features(grids().to_crs(4543), tmp_path / f"网格{ending}")

    frame = read_features(tmp_path / f"网格{ending}").frame

    assert frame["grid_code"].tolist() == CODES
    assert frame["名称"].tolist() == ["甲", "=1+1"]
    assert [None if pd.isna(cell) else int(cell) for cell in frame["households"]] == [300, None]
    assert shapely.hausdorff_distance(frame.geometry.to_numpy(), grids().geometry.to_numpy()).max() < 1e-9


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".shp", ".parquet", ".fgb"])
def test_neighbours_still_share_their_line(tmp_path: Path, ending: str) -> None:
    write_features(grids().to_crs(4543), tmp_path / f"a{ending}")

    assert shapely.coverage_is_valid(read_features(tmp_path / f"a{ending}").frame.geometry.to_numpy())


def test_points_get_columns_of_longitude_and_latitude(tmp_path: Path) -> None:
    write_features(gpd.GeoDataFrame({"a": ["x"]}, geometry=[shapely.Point(104.5, 36.5)], crs=4326), tmp_path / "a.csv")

    assert read_table(tmp_path / "a.csv").frame.iloc[0].tolist() == ["x", "104.5", "36.5", 2]


def test_lists_words_and_times_are_written_in_every_format(tmp_path: Path) -> None:
    frame = grids().assign(
        word=[StreetClass.PATH, StreetClass.BRANCH],
        listed=[[1, 2], []],
        at=datetime(2026, 5, 1, tzinfo=UTC),
        mixed=[1, "a"],
    )

    for ending in ENDINGS:
        write_features(frame, tmp_path / f"a{ending}")
        read = read_features(tmp_path / f"a{ending}").frame
        assert read["word"].tolist() == ["path", "branch"]
        assert read["listed"].tolist() == ["[1, 2]", "[]"]
        assert str(read["at"].iloc[0]).replace("T", " ").startswith("2026-05-01 00:00:00")
        assert read["mixed"].tolist() == ["1", "a"]


def test_no_text_of_a_stranger_is_ever_computed(tmp_path: Path) -> None:
    texts = ["=cmd|' /C calc'!A0", "+86 138", "-5", "@SUM(A1)", "'=1", "plain"]
    table = pd.DataFrame({"text": texts})

    write_table(table, tmp_path / "a.csv")
    write_table(table, tmp_path / "a.xlsx")

    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [row[0] for row in csv.reader(file)][1:]
    assert all(not cell.startswith(("=", "+", "@")) for cell in cells)
    assert [cell.data_type for (cell,) in load_workbook(tmp_path / "a.xlsx").active.iter_rows(min_row=2)] == ["s"] * 6
    assert read_table(tmp_path / "a.csv").frame["text"].tolist() == texts


def test_a_code_is_text_in_a_sheet_and_a_count_is_a_number(tmp_path: Path) -> None:
    write_table(pd.DataFrame({"编码": CODES, "户数": [300, 12]}), tmp_path / "a.xlsx")

    rows = list(load_workbook(tmp_path / "a.xlsx").active.iter_rows(min_row=2, values_only=True))

    assert rows == [(CODES[0], 300), (CODES[1], 12)]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1), min_size=1
    )
)
def test_any_text_survives_a_table(tmp_path: Path, texts: list[str]) -> None:
    table = pd.DataFrame({"text": [f"x{text}x" for text in texts], "other": "1"})

    for name in ("a.csv", "a.xlsx"):
        write_table(table, tmp_path / name)
        assert read_table(tmp_path / name).frame["text"].tolist() == table["text"].tolist()


def test_a_failure_leaves_the_earlier_file_and_nothing_else(tmp_path: Path) -> None:
    mixed = gpd.GeoDataFrame(geometry=[shapely.Point(1, 2), shapely.LineString([(0, 0), (1, 1)])], crs=4326)
    write_features(grids(), tmp_path / "a.shp")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    with pytest.raises(CannotWrite):
        write_features(mixed, tmp_path / "a.shp")

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_names_of_a_shapefile_are_cut_and_stay_apart(tmp_path: Path) -> None:
    frame = grids().assign(street_metres=[1.0, 2.0], street_metres_seen=[3.0, 4.0])

    write_features(frame, tmp_path / "a.shp")

    columns = read_features(tmp_path / "a.shp").frame.columns
    assert {"street_met", "street_m_2"} <= set(columns)


def test_a_text_too_long_for_a_shapefile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="说明"):
        write_features(grids().assign(说明="长" * 100), tmp_path / "a.shp")


def test_an_unknown_ending_a_missing_folder_and_a_missing_system_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match=r"\.docx"):
        write_features(grids(), tmp_path / "a.docx")
    with pytest.raises(CannotWrite, match="there is no folder"):
        write_features(grids(), tmp_path / "missing" / "a.gpkg")
    with pytest.raises(WrongCrs):
        write_features(grids().set_crs(None, allow_override=True), tmp_path / "a.gpkg")
