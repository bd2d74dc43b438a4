"""Shapefiles as offices want them: GBK or UTF-8, with short names that somebody explains."""

import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from data.errors import CannotWrite
from data.exchange.vector import read_features
from data.exchange.write import write_features

CODE = "620102001001001"


def grids(name: str = "城关第一网格") -> gpd.GeoDataFrame:
    columns = {"grid_code": [CODE], "名称": [name], "street_metres": [320.5], "street_metres_seen": [12.0]}
    return gpd.GeoDataFrame(columns, geometry=[shapely.box(104.0, 36.0, 104.01, 36.01)], crs=4326)


def test_a_table_in_gbk_holds_gbk_and_says_so_in_both_places(tmp_path: Path) -> None:
    write_features(grids(), tmp_path / "grids.shp", encoding="gbk")

    table = (tmp_path / "grids.dbf").read_bytes()
    assert "城关第一网格".encode("gbk") in table
    assert "名称".encode("gbk") in table
    assert table[29] == 0x4D
    assert (tmp_path / "grids.cpg").read_text() == "GBK"


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
@pytest.mark.parametrize("ending", [".shp", ".zip"])
def test_either_encoding_is_read_back_the_same(tmp_path: Path, encoding: str, ending: str) -> None:
    write_features(grids(), tmp_path / f"grids{ending}", encoding=encoding)

    frame = read_features(tmp_path / f"grids{ending}").frame

    assert frame["grid_code"].tolist() == [CODE]
    assert frame["名称"].tolist() == ["城关第一网格"]


def test_cut_names_are_explained_in_a_text_beside_the_shapes(tmp_path: Path) -> None:
    write_features(grids(), tmp_path / "grids.shp", meanings={"street_metres": "街路巷总长（米）", "名称": "网格名称"})

    lines = (tmp_path / "grids.txt").read_text(encoding="utf-8-sig").splitlines()

    assert [line.split() for line in lines] == [
        ["grid_code", "grid_code"],
        ["名称", "名称", "网格名称"],
        ["street_met", "street_metres", "街路巷总长（米）"],
        ["street_m_2", "street_metres_seen"],
    ]


def test_the_explanation_lies_in_the_archive_too(tmp_path: Path) -> None:
    write_features(grids(), tmp_path / "grids.zip", encoding="gbk")

    with zipfile.ZipFile(tmp_path / "grids.zip") as archive:
        assert sorted(archive.namelist()) == [f"grids.{part}" for part in ("cpg", "dbf", "prj", "shp", "shx", "txt")]


def test_names_that_fit_need_no_explanation(tmp_path: Path) -> None:
    write_features(grids()[["grid_code", "geometry"]], tmp_path / "grids.shp")

    assert not (tmp_path / "grids.txt").exists()


def test_a_character_that_gbk_lacks_is_named_with_its_row_and_the_old_file_stays(tmp_path: Path) -> None:
    write_features(grids(), tmp_path / "grids.zip")
    before = (tmp_path / "grids.zip").read_bytes()

    with pytest.raises(CannotWrite, match="Row 1, column 名称: GBK has no character 𠮷"):
        write_features(grids("𠮷祥里"), tmp_path / "grids.zip", encoding="gbk")

    assert (tmp_path / "grids.zip").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["grids.zip"]


def test_a_text_that_would_be_cut_is_refused_by_the_bytes_of_its_encoding(tmp_path: Path) -> None:
    write_features(grids("网" * 127), tmp_path / "gbk.shp", encoding="gbk")

    with pytest.raises(CannotWrite, match="254 bytes"):
        write_features(grids("网" * 128), tmp_path / "gbk.shp", encoding="gbk")
    with pytest.raises(CannotWrite, match="254 bytes"):
        write_features(grids("网" * 85), tmp_path / "utf8.shp")


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="utf-8, gbk"):
        write_features(grids(), tmp_path / "grids.shp", encoding="big5")
