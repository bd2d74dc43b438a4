"""Points of large files, read chunk by chunk: the same rows and refusals as when the file is read as a whole."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from data.errors import UnreadableFile
from data.exchange import stream_parquet, stream_text, streams
from data.exchange.stream_parquet import open_parquet
from data.exchange.stream_text import open_text
from data.exchange.streams import Points, Refused
from data.exchange.vector import read_features
from geo.datum import convert
from geo.errors import BadGeometry


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks, parts and blocks so small that a short file has many of them."""
    monkeypatch.setattr(streams, "CHUNK_ROWS", 4)
    for name, value in (("CHUNK_ROWS", 4), ("PART_ROWS", 8), ("SLICE_ROWS", 16)):
        monkeypatch.setattr(stream_parquet, name, value)
    monkeypatch.setattr(stream_text, "BLOCK_BYTES", 64)


def in_chunks(points: Points) -> tuple[pd.DataFrame, Refused]:
    """All rows with their places, each part read on its own and the last one first, as other machines may do."""
    parts, answers = list(points.parts()), {}
    for number, part in reversed(list(enumerate(parts))):
        refused = Refused()
        chunks = [
            chunk.table.to_pandas().assign(at_lon=chunk.lon, at_lat=chunk.lat) for chunk in points.chunks(part, refused)
        ]
        answers[number] = (chunks, refused)
    whole = Refused(points.first_row)
    for number in range(len(parts)):
        whole.add(answers[number][1])
    frames = [chunk for number in range(len(parts)) for chunk in answers[number][0]]
    return pd.concat(frames, ignore_index=True), whole


def write_rows(path: Path, rows: Sequence[Sequence[Any]], encoding: str = "utf-8", **how: Any) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, **how).writerows(rows)
    return path


def same_as_a_whole(path: Path, points: Points, **how: Any) -> None:
    """The stream and `read_features` agree about rows, places and refusals."""
    reading = read_features(path, **how)
    got, refused = in_chunks(points)
    assert got["at_lon"].to_numpy() == pytest.approx(reading.frame.geometry.x.to_numpy(), abs=1e-12)
    assert got["at_lat"].to_numpy() == pytest.approx(reading.frame.geometry.y.to_numpy(), abs=1e-12)
    for name in reading.frame.columns.drop(["geometry", "source_row"]):
        assert [cell if pd.notna(cell) else None for cell in got[name]] == [
            cell if pd.notna(cell) else None for cell in reading.frame[name]
        ]
    assert [str(refusal) for refusal in refused.listed] == [str(refusal) for refusal in reading.refusals]
    assert refused.count == len({refusal.row for refusal in reading.refusals})


ODD_ROWS = [
    ["007", "116.1", "40.1", "甲"],
    ["008", " 116.2 ", "40.2", '说 "引号", 逗号'],
    ["009", "116.3", "40.3", "两\n行"],
    ["", "", "", ""],
    ["010", "", "40.4", "没有经度"],
    ["011", "east", "40.5", "不是数"],
    ["012", "40.6", "116.6", "倒过来"],
    ["013", "116.7", "40.7", ""],
    ["014", "116.8", "40.8", "多", "出来"],
    ["6.20102E+11", "116.9", "40.9", "短了"],
    ["015", "500000", "4400000", "米"],
    ["'=1+1", "116.95", "40.95", "公式"],
    ["016", "117.0", "41.0"],
    *([f"{number:03d}", f"{116 + number / 1000}", f"{40 + number / 1000}", f"行{number}"] for number in range(17, 60)),
]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("how", [{}, {"delimiter": ";"}, {"quoting": csv.QUOTE_ALL}, {"lineterminator": "\n"}])
def test_a_text_says_the_same_in_blocks_as_in_one_piece(tmp_path: Path, encoding: str, how: dict[str, Any]) -> None:
    # A title says nothing about the delimiter.
    title = [] if "delimiter" in how else [["一张表"]]
    path = write_rows(tmp_path / "点.csv", [*title, ["编号", "经度", "纬度", "备注"], *ODD_ROWS], encoding, **how)

    points = open_text(path)

    assert points is not None
    assert len(list(points.parts())) > 5
    same_as_a_whole(path, points)


@pytest.mark.usefixtures("small")
def test_a_plain_text_takes_the_quick_way_to_the_same_rows(tmp_path: Path) -> None:
    rows = [
        [f"{number:05d}", f"{116 + number / 997}", f"{40 + number / 991}", "" if number % 3 else "甲"]
        for number in range(300)
    ]
    path = write_rows(tmp_path / "plain.csv", [["code", "lon", "lat", "note", ""], *[[*row, ""] for row in rows]])

    points = open_text(path)

    assert points is not None
    same_as_a_whole(path, points)
    assert points.schema.field("lon").type == pa.string()


@pytest.mark.usefixtures("small")
def test_places_are_handed_on_as_numbers_where_that_is_wanted(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.csv", [["lon", "lat", "n"], *[["116.5", "40", "1"]] * 20])

    points = open_text(path, numbers=True)

    assert points is not None
    rows, _ = in_chunks(points)
    assert rows["lon"].tolist() == [116.5] * 20
    assert rows["n"].tolist() == ["1"] * 20


def test_texts_that_cannot_be_cut_into_blocks_are_left_to_the_whole_reader(tmp_path: Path) -> None:
    utf16 = write_rows(tmp_path / "a.csv", [["lon", "lat"], ["116", "40"]], "utf-16")
    wkt = write_rows(tmp_path / "b.csv", [["name", "wkt"], ["a", "POINT (116 40)"]])

    assert open_text(utf16) is None
    assert open_text(wkt) is None


def table(count: int = 50) -> pa.Table:
    random = np.random.default_rng(3)
    lon, lat = 116 + random.random(count), 40 + random.random(count)
    lon[[7, 20]], lat[33] = (np.nan, 400.0), -91.0
    return pa.table({"code": [f"{number:04d}" for number in range(count)], "经度": lon, "纬度": lat})


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("group", [1, 3, 10, 1000])
def test_parquet_says_the_same_in_parts_whatever_its_row_groups(tmp_path: Path, group: int) -> None:
    pq.write_table(table(), tmp_path / "a.parquet", row_group_size=group)
    write_rows(tmp_path / "a.csv", [table().column_names, *table().to_pandas().astype(object).to_numpy().tolist()])

    rows, refused = in_chunks(open_parquet(tmp_path / "a.parquet"))

    wanted = [number for number in range(50) if number not in (7, 20, 33)]
    assert rows["code"].tolist() == [f"{number:04d}" for number in wanted]
    assert rows["at_lon"].tolist() == table()["经度"].to_numpy()[wanted].tolist()
    assert rows["at_lon"].tolist() == rows["经度"].tolist()
    assert [refusal.row for refusal in refused.listed] == [8, 21, 34]
    assert "no place on earth" in str(refused.listed[2])


@pytest.mark.usefixtures("small")
def test_points_of_a_geoparquet_keep_their_bytes_and_their_metadata(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"a": range(20)}, geometry=gpd.points_from_xy(np.linspace(116, 117, 20), [40] * 20), crs=4490
    )
    frame.to_parquet(tmp_path / "a.parquet")

    points = open_parquet(tmp_path / "a.parquet")
    rows, _ = in_chunks(points)

    assert rows["at_lon"].tolist() == frame.geometry.x.tolist()
    assert rows["geometry"].tolist() == shapely.to_wkb(frame.geometry.to_numpy()).tolist()
    assert points.schema.metadata[b"geo"] == pq.read_schema(tmp_path / "a.parquet").metadata[b"geo"]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("encoding", ["WKB", "geoarrow"])
def test_points_in_metres_are_written_anew_in_degrees(tmp_path: Path, encoding: str) -> None:
    frame = gpd.GeoDataFrame(
        {"a": range(20)}, geometry=gpd.points_from_xy(np.linspace(116, 117, 20), [40] * 20), crs=4326
    )
    frame.to_crs(4548).to_parquet(tmp_path / "a.parquet", geometry_encoding=encoding, schema_version="1.1.0")

    points = open_parquet(tmp_path / "a.parquet")
    rows, _ = in_chunks(points)

    assert rows["at_lon"].to_numpy() == pytest.approx(frame.geometry.x.to_numpy(), abs=1e-10)
    assert shapely.get_x(shapely.from_wkb(rows["geometry"].to_numpy())).tolist() == rows["at_lon"].tolist()
    assert b"2000" not in points.schema.metadata[b"geo"]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_another_datum_is_undone_and_the_columns_tell_so(tmp_path: Path, datum: str) -> None:
    lon, lat = np.linspace(116, 117, 30), np.linspace(39, 40, 30)
    shifted = convert(lon, lat, source="wgs84", target=datum)
    pq.write_table(pa.table({"lon": shifted[0], "lat": shifted[1]}), tmp_path / "a.parquet")

    rows, _ = in_chunks(open_parquet(tmp_path / "a.parquet", datum=datum))

    assert rows["lon"].to_numpy() == pytest.approx(lon, abs=1e-9)
    assert rows["lon"].tolist() == rows["at_lon"].tolist()


def test_what_is_no_file_of_points_is_refused_with_what_to_do(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 but not really")
    gpd.GeoDataFrame(geometry=[shapely.box(116, 40, 117, 41)], crs=4326).to_parquet(tmp_path / "c.parquet")

    with pytest.raises(UnreadableFile, match="lon and lat"):
        open_parquet(tmp_path / "a.parquet")
    with pytest.raises(UnreadableFile, match="no Parquet"):
        open_parquet(tmp_path / "b.parquet")
    with pytest.raises(BadGeometry, match="Points are wanted"):
        in_chunks(open_parquet(tmp_path / "c.parquet"))
